-- To which ten countries do most sales go, per currency?
-- chart: { kind: bar, x: country, y: revenue, panels: currency }
-- By the country of the address to which the order is to be delivered.
with sale as (
  select
    dim_location.country,
    dim_currency.currency_code as currency,
    count(*) as orders,
    sum(sales.units_sold) as units,
    round(sum(sales.units_sold * sales.unit_price), 2) as revenue
  from current_sales_order as sales
  join dim_location on dim_location.location_id = sales.agreed_delivery_location_id
  join dim_currency on dim_currency.currency_id = sales.currency_id
  group by
    dim_location.country,
    dim_currency.currency_code
),
ranked as (
  select
    country,
    currency,
    orders,
    units,
    revenue,
    row_number() over (partition by currency order by revenue desc, country) as place
  from sale
)
select
  country,
  currency,
  orders,
  units,
  revenue
from ranked
where place <= 10
order by
  currency,
  place
