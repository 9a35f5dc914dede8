-- What did each month bring in, per currency? The last six months, the newest of which may not be over; there are no exchange rates, so no total.
select
  to_char(sales.created_date, 'YYYY-MM') as month,
  dim_currency.currency_code as currency,
  count(*) as orders,
  sum(sales.units_sold) as units,
  round(sum(sales.units_sold * sales.unit_price), 2) as revenue
from current_sales_order as sales
join dim_currency on dim_currency.currency_id = sales.currency_id
where sales.created_date >= (
  select date_trunc('month', max(created_date)) - interval '5 months'
  from current_sales_order
)
group by
  to_char(sales.created_date, 'YYYY-MM'),
  dim_currency.currency_code
order by
  month,
  currency
