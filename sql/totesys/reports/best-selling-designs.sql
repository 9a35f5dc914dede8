-- Which five designs sell best, by units?
select
  dim_design.design_name as design,
  dim_design.file_name as file,
  count(*) as orders,
  sum(sales.units_sold) as units
from current_sales_order as sales
join dim_design on dim_design.design_id = sales.design_id
group by
  dim_design.design_id,
  dim_design.design_name,
  dim_design.file_name
order by
  units desc,
  dim_design.design_id
limit 5
