-- What is a sales order worth, month by month?
-- chart: { kind: line, x: month, y: average_value, panels: currency }
-- The mean is pulled up by few large orders; half of all orders are worth less than the median.
select
  to_char(sales.created_date, 'YYYY-MM') as month,
  dim_currency.currency_code as currency,
  count(*) as orders,
  round(avg(sales.units_sold * sales.unit_price), 2) as average_value,
  round(
    percentile_cont(0.5) within group (order by sales.units_sold * sales.unit_price)::numeric,
    2
  ) as median_value
from current_sales_order as sales
join dim_currency on dim_currency.currency_id = sales.currency_id
group by
  to_char(sales.created_date, 'YYYY-MM'),
  dim_currency.currency_code
order by
  month,
  currency
