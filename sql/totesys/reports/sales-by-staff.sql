-- Who sells most, and in which department do they work?
-- chart: { kind: bar, x: staff, y: revenue, panels: currency }
-- The department is the one in which the member of staff works now.
select
  concat_ws(' ', dim_staff.first_name, dim_staff.last_name) as staff,
  dim_staff.department_name as department,
  dim_currency.currency_code as currency,
  count(*) as orders,
  sum(sales.units_sold) as units,
  round(sum(sales.units_sold * sales.unit_price), 2) as revenue
from current_sales_order as sales
join dim_staff on dim_staff.staff_id = sales.sales_staff_id
join dim_currency on dim_currency.currency_id = sales.currency_id
group by
  dim_staff.staff_id,
  dim_staff.first_name,
  dim_staff.last_name,
  dim_staff.department_name,
  dim_currency.currency_code
order by
  currency,
  revenue desc,
  dim_staff.staff_id
