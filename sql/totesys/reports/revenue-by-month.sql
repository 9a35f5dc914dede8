-- What did each month bring in, per currency?
-- chart: { kind: line, x: month, y: revenue, panels: currency }
-- Sales orders by the month in which they were placed; the newest month may not be over. There are no exchange rates, so currencies are never added up.
select
  to_char(sales.created_date, 'YYYY-MM') as month,
  dim_currency.currency_code as currency,
  count(*) as orders,
  sum(sales.units_sold) as units,
  round(sum(sales.units_sold * sales.unit_price), 2) as revenue
from current_sales_order as sales
join dim_currency on dim_currency.currency_id = sales.currency_id
group by
  to_char(sales.created_date, 'YYYY-MM'),
  dim_currency.currency_code
order by
  month,
  currency
