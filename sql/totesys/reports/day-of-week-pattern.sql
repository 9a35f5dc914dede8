-- On which days of the week are orders placed?
-- chart: { kind: column, x: weekday, y: orders_per_day, series: order_kind }
-- Orders that exist now, over all days from the first order to the newest, those without any order too.
with placed as (
  select
    'sale' as order_kind,
    created_date
  from current_sales_order
  union all
  select
    'purchase' as order_kind,
    created_date
  from current_purchase_order
),
day as (
  select
    date_id,
    day_of_week,
    day_name
  from dim_date
  where date_id between (select min(created_date) from placed) and (select max(created_date) from placed)
)
select
  day.day_name as weekday,
  kind.order_kind,
  count(placed.created_date) as orders,
  round(count(placed.created_date)::numeric / count(distinct day.date_id), 1) as orders_per_day
from day
cross join (values ('sale'), ('purchase')) as kind (order_kind)
left join placed on placed.created_date = day.date_id and placed.order_kind = kind.order_kind
group by
  day.day_of_week,
  day.day_name,
  kind.order_kind
order by
  day.day_of_week,
  kind.order_kind desc
