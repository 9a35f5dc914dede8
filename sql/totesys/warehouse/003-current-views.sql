-- The present state of the facts: the newest version of each order and payment, without those that were deleted.

create view current_sales_order as
select
  sales_record_id,
  sales_order_id,
  created_date,
  created_time,
  last_updated_date,
  last_updated_time,
  sales_staff_id,
  counterparty_id,
  units_sold,
  unit_price,
  currency_id,
  design_id,
  agreed_payment_date,
  agreed_delivery_date,
  agreed_delivery_location_id
from fact_sales_order as version
where not deleted
  and not exists (
    select
    from fact_sales_order as newer
    where newer.sales_order_id = version.sales_order_id
      and newer.sales_record_id > version.sales_record_id
  );

comment on view current_sales_order is 'One row per sales order that exists in totesys now; columns as in fact_sales_order';

create view current_purchase_order as
select
  purchase_record_id,
  purchase_order_id,
  created_date,
  created_time,
  last_updated_date,
  last_updated_time,
  staff_id,
  counterparty_id,
  item_code,
  item_quantity,
  item_unit_price,
  currency_id,
  agreed_delivery_date,
  agreed_payment_date,
  agreed_delivery_location_id
from fact_purchase_order as version
where not deleted
  and not exists (
    select
    from fact_purchase_order as newer
    where newer.purchase_order_id = version.purchase_order_id
      and newer.purchase_record_id > version.purchase_record_id
  );

comment on view current_purchase_order is 'One row per purchase order that exists in totesys now; columns as in fact_purchase_order';

create view current_payment as
select
  payment_record_id,
  payment_id,
  created_date,
  created_time,
  last_updated_date,
  last_updated_time,
  transaction_id,
  counterparty_id,
  payment_amount,
  currency_id,
  payment_type_id,
  paid,
  payment_date
from fact_payment as version
where not deleted
  and not exists (
    select
    from fact_payment as newer
    where newer.payment_id = version.payment_id
      and newer.payment_record_id > version.payment_record_id
  );

comment on view current_payment is 'One row per payment that exists in totesys now; columns as in fact_payment';
