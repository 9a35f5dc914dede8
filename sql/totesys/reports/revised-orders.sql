-- How many orders were revised, in what, and by how much?
-- chart: { kind: column, x: revised, y: orders, series: order_kind }
-- Each version of an order is compared with the one before it, column by column; the clock of the last change is not itself a revision.
-- The change of value is in percent of the value before, so that currencies may stand together; there is none where the currency itself was revised.
-- Days are those by which the delivery moved. A deleted order counts as revised, but changes neither.
with version as (
  select
    'sale' as order_kind,
    sales_order_id as order_id,
    sales_record_id as record_id,
    units_sold * unit_price as value,
    currency_id,
    agreed_delivery_date,
    deleted,
    to_jsonb(fact_sales_order) - array['sales_record_id', 'last_updated_date', 'last_updated_time', 'batch'] as content
  from fact_sales_order
  union all
  select
    'purchase' as order_kind,
    purchase_order_id as order_id,
    purchase_record_id as record_id,
    item_quantity * item_unit_price as value,
    currency_id,
    agreed_delivery_date,
    deleted,
    to_jsonb(fact_purchase_order) - array['purchase_record_id', 'last_updated_date', 'last_updated_time', 'batch'] as content
  from fact_purchase_order
),
revision as (
  select
    order_kind,
    order_id,
    record_id,
    content,
    lag(content) over newer as previous,
    case
      when not deleted and currency_id = lag(currency_id) over newer then 100 * (value / nullif(lag(value) over newer, 0) - 1)
    end as value_percent,
    case
      when not deleted then agreed_delivery_date - lag(agreed_delivery_date) over newer
    end as days_moved
  from version
  window newer as (partition by order_kind, order_id order by record_id)
),
changed as (
  select distinct
    revision.order_kind,
    revision.order_id,
    revision.record_id,
    revision.value_percent,
    revision.days_moved,
    revised.name as revised
  from revision
  cross join lateral jsonb_each(revision.content) as field (name, value)
  cross join lateral (values (field.name), ('any column')) as revised (name)
  where field.value <> revision.previous -> field.name
)
select
  order_kind,
  replace(revised, '_', ' ') as revised,
  count(distinct order_id) as orders,
  count(*) as revisions,
  round(avg(value_percent), 1) as mean_value_change_percent,
  round(avg(days_moved), 1) as mean_days_moved
from changed
group by
  order_kind,
  changed.revised
order by
  order_kind desc,
  revisions desc,
  changed.revised
