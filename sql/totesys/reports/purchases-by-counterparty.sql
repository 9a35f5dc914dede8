-- From which ten counterparties do we buy most, per currency?
-- chart: { kind: bar, x: counterparty, y: spent, panels: currency }
with purchase as (
  select
    dim_counterparty.counterparty_id,
    dim_counterparty.counterparty_legal_name as counterparty,
    dim_currency.currency_code as currency,
    count(*) as orders,
    sum(purchases.item_quantity) as items,
    round(sum(purchases.item_quantity * purchases.item_unit_price), 2) as spent
  from current_purchase_order as purchases
  join dim_counterparty on dim_counterparty.counterparty_id = purchases.counterparty_id
  join dim_currency on dim_currency.currency_id = purchases.currency_id
  group by
    dim_counterparty.counterparty_id,
    dim_counterparty.counterparty_legal_name,
    dim_currency.currency_code
),
ranked as (
  select
    counterparty,
    currency,
    orders,
    items,
    spent,
    row_number() over (partition by currency order by spent desc, counterparty_id) as place
  from purchase
)
select
  counterparty,
  currency,
  orders,
  items,
  spent
from ranked
where place <= 10
order by
  currency,
  place
