-- With which ten counterparties does most money change hands, per currency?
-- chart: { kind: bar, x: counterparty, y: gross, panels: currency }
-- All payments that were agreed, marked as paid or not: receipts and refunds of purchases come in, payments and refunds of sales go out.
-- Gross is both together, net what comes in less what goes out.
with flow as (
  select
    dim_counterparty.counterparty_id,
    dim_counterparty.counterparty_legal_name as counterparty,
    dim_currency.currency_code as currency,
    count(*) as payments,
    coalesce(
      sum(payment.payment_amount) filter (where dim_payment_type.payment_type_name in ('SALES_RECEIPT', 'PURCHASE_REFUND')),
      0
    ) as money_in,
    coalesce(
      sum(payment.payment_amount) filter (where dim_payment_type.payment_type_name in ('PURCHASE_PAYMENT', 'SALES_REFUND')),
      0
    ) as money_out
  from current_payment as payment
  join dim_counterparty on dim_counterparty.counterparty_id = payment.counterparty_id
  join dim_currency on dim_currency.currency_id = payment.currency_id
  join dim_payment_type on dim_payment_type.payment_type_id = payment.payment_type_id
  group by
    dim_counterparty.counterparty_id,
    dim_counterparty.counterparty_legal_name,
    dim_currency.currency_code
),
ranked as (
  select
    counterparty,
    currency,
    payments,
    money_in,
    money_out,
    row_number() over (partition by currency order by money_in + money_out desc, counterparty_id) as place
  from flow
)
select
  counterparty,
  currency,
  payments,
  round(money_in, 2) as money_in,
  round(money_out, 2) as money_out,
  round(money_in + money_out, 2) as gross,
  round(money_in - money_out, 2) as net
from ranked
where place <= 10
order by
  currency,
  place
