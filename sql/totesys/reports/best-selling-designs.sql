-- Which ten designs sell best, by units?
-- chart: { kind: bar, x: file, y: units }
-- Many designs share a name; the file tells them apart.
select
  dim_design.file_name as file,
  dim_design.design_name as design,
  count(*) as orders,
  sum(sales.units_sold) as units
from current_sales_order as sales
join dim_design on dim_design.design_id = sales.design_id
group by
  dim_design.design_id,
  dim_design.file_name,
  dim_design.design_name
order by
  units desc,
  dim_design.design_id
limit 10
