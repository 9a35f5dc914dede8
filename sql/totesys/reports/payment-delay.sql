-- How many days after the order are payments marked as paid?
-- chart: { kind: column, x: days, y: payments, series: kind }
-- From the day on which the payment was entered, which is the day of its order, to the day on which totesys marked it: the one change that moves last_updated.
select
  concat('day ', payment.last_updated_date - payment.created_date) as days,
  initcap(replace(dim_payment_type.payment_type_name, '_', ' ')) as kind,
  count(*) as payments,
  round(100.0 * count(*) / sum(count(*)) over (partition by dim_payment_type.payment_type_id), 1) as percent
from current_payment as payment
join dim_payment_type on dim_payment_type.payment_type_id = payment.payment_type_id
where payment.paid
group by
  payment.last_updated_date - payment.created_date,
  dim_payment_type.payment_type_id,
  dim_payment_type.payment_type_name
order by
  payment.last_updated_date - payment.created_date,
  dim_payment_type.payment_type_id
