-- one row per payment
-- A time of day is what follows the blank of a timestamp, to the microsecond; a timestamp without one (infinity) has none, and goes to quarantine.
-- The account numbers stay behind: the warehouse has no use for them.
select
  payment_id,
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
  transaction_id,
  counterparty_id,
  cast(payment_amount as decimal(18, 2)) as payment_amount,
  currency_id,
  payment_type_id,
  paid,
  cast(payment_date as date) as payment_date
from payment
