-- one row per transaction: a sale or a purchase
select
  transaction_id,
  transaction_type,
  sales_order_id,
  purchase_order_id
from "transaction"
