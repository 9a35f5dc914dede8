-- one row per sales order
-- A time of day is what follows the blank of a timestamp, to the microsecond; a timestamp without one (infinity) has none, and goes to quarantine.
select
  sales_order_id,
  cast(created_at as date) as created_date,
  substring(
    cast(created_at as varchar),
    nullif(position(' ' in cast(created_at as varchar)), 0) + 1
  ) as created_time,
  cast(last_updated as date) as last_updated_date,
  substring(
    cast(last_updated as varchar),
    nullif(position(' ' in cast(last_updated as varchar)), 0) + 1
  ) as last_updated_time,
  staff_id as sales_staff_id,
  counterparty_id,
  units_sold,
  cast(unit_price as decimal(10, 2)) as unit_price,
  currency_id,
  design_id,
  cast(agreed_payment_date as date) as agreed_payment_date,
  cast(agreed_delivery_date as date) as agreed_delivery_date,
  agreed_delivery_location_id
from sales_order
