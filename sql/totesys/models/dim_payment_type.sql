-- one row per kind of payment
select
  payment_type_id,
  payment_type_name
from payment_type
