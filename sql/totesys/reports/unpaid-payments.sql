-- Which payments are not marked as paid, and which of them are overdue?
-- chart: { kind: column, x: state, y: amount, series: direction, panels: currency }
-- Overdue as of the newest day in the data, not of today. Totesys marks payments on weekday mornings, those due that day only:
-- one due on a weekend, or entered on its due day after that hour, is never marked, so that "not marked" does not mean that nobody paid.
-- A state that no payment is in is not shown.
with newest as (
  select greatest(max(created_date), max(last_updated_date)) as day
  from current_payment
),
unpaid as (
  select
    case
      when dim_payment_type.payment_type_name in ('SALES_RECEIPT', 'PURCHASE_REFUND') then 'to be received'
      else 'to be paid'
    end as direction,
    case
      when payment.payment_date >= newest.day then '1 not due yet'
      when dim_date.day_of_week > 5 then '3 due on a weekend'
      when payment.payment_date = payment.created_date then '4 entered on its due day'
      else '2 overdue'
    end as state,
    dim_currency.currency_code as currency,
    payment.payment_amount
  from current_payment as payment
  cross join newest
  join dim_payment_type on dim_payment_type.payment_type_id = payment.payment_type_id
  join dim_currency on dim_currency.currency_id = payment.currency_id
  join dim_date on dim_date.date_id = payment.payment_date
  where not payment.paid
)
select
  substring(state, 3) as state,
  direction,
  currency,
  count(*) as payments,
  round(sum(payment_amount), 2) as amount
from unpaid
group by
  unpaid.state,
  direction,
  currency
order by
  unpaid.state,
  direction,
  currency
