-- Which twenty deliveries are planned furthest beyond the date agreed?
-- chart: { kind: bar, x: delivery, y: days_late }
-- Late means: later than the day that the first version of the order had agreed. Totesys agrees on a delivery within a week of the order,
-- so an order that was longer off when the warehouse first saw it counts as agreed for its seventh day. Orders that exist now, both sales and purchases.
with version as (
  select
    'sale' as kind,
    sales_order_id as order_id,
    sales_record_id as record_id,
    counterparty_id,
    created_date,
    agreed_delivery_date
  from fact_sales_order
  union all
  select
    'purchase' as kind,
    purchase_order_id as order_id,
    purchase_record_id as record_id,
    counterparty_id,
    created_date,
    agreed_delivery_date
  from fact_purchase_order
),
first_version as (
  select distinct on (kind, order_id)
    kind,
    order_id,
    least(agreed_delivery_date, created_date + 7) as first_agreed
  from version
  order by
    kind,
    order_id,
    record_id
),
present as (
  select
    'sale' as kind,
    sales_order_id as order_id,
    counterparty_id,
    created_date,
    agreed_delivery_date
  from current_sales_order
  union all
  select
    'purchase' as kind,
    purchase_order_id as order_id,
    counterparty_id,
    created_date,
    agreed_delivery_date
  from current_purchase_order
)
select
  concat_ws(' ', present.kind, present.order_id) as delivery,
  dim_counterparty.counterparty_legal_name as counterparty,
  present.created_date as ordered,
  first_version.first_agreed as agreed,
  present.agreed_delivery_date as planned,
  present.agreed_delivery_date - first_version.first_agreed as days_late
from present
join first_version on first_version.kind = present.kind and first_version.order_id = present.order_id
join dim_counterparty on dim_counterparty.counterparty_id = present.counterparty_id
where present.agreed_delivery_date > first_version.first_agreed
order by
  days_late desc,
  present.kind,
  present.order_id
limit 20
