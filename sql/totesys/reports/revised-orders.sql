-- How many orders were revised, and in what? Versions of an order compared column by column; the clock of the last change is not itself a revision.
with version as (
  select
    'sale' as kind,
    sales_order_id as order_id,
    sales_record_id as record_id,
    to_jsonb(fact_sales_order) - array['sales_record_id', 'last_updated_date', 'last_updated_time', 'batch'] as content
  from fact_sales_order
  union all
  select
    'purchase' as kind,
    purchase_order_id as order_id,
    purchase_record_id as record_id,
    to_jsonb(fact_purchase_order) - array['purchase_record_id', 'last_updated_date', 'last_updated_time', 'batch'] as content
  from fact_purchase_order
),
revision as (
  select
    kind,
    order_id,
    record_id,
    content,
    lag(content) over (partition by kind, order_id order by record_id) as previous
  from version
)
select
  revision.kind as order_kind,
  coalesce(changed.key, 'any column') as revised,
  count(distinct revision.order_id) as orders,
  count(distinct revision.record_id) as revisions
from revision
cross join lateral jsonb_each(revision.content) as changed
where changed.value <> revision.previous -> changed.key
group by grouping sets (
  (revision.kind),
  (revision.kind, changed.key)
)
order by
  order_kind desc,
  revisions desc,
  revised
