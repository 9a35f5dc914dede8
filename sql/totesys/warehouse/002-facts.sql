-- The three facts: every version of every order and payment, none ever updated or removed. The newest version of a key has its highest record id.
-- The official columns come first, unchanged; batch and deleted are Weir's own.

create table fact_sales_order (
  sales_record_id serial primary key,
  sales_order_id int not null,
  created_date date not null references dim_date (date_id),
  created_time time not null,
  last_updated_date date not null references dim_date (date_id),
  last_updated_time time not null,
  sales_staff_id int not null references dim_staff (staff_id),
  counterparty_id int not null references dim_counterparty (counterparty_id),
  units_sold int not null,
  unit_price numeric(10, 2) not null,
  currency_id int not null references dim_currency (currency_id),
  design_id int not null references dim_design (design_id),
  agreed_payment_date date not null references dim_date (date_id),
  agreed_delivery_date date not null references dim_date (date_id),
  agreed_delivery_location_id int not null references dim_location (location_id),
  batch bigint not null,
  deleted boolean not null default false
);

create index fact_sales_order_versions on fact_sales_order (sales_order_id, sales_record_id);

comment on table fact_sales_order is 'One row per version of a sales order; current_sales_order has the newest versions only';
comment on column fact_sales_order.sales_record_id is 'Key of this version; of two versions of one order the higher is the newer';
comment on column fact_sales_order.sales_order_id is 'Key of the order in totesys';
comment on column fact_sales_order.created_date is 'Day on which the order was placed';
comment on column fact_sales_order.created_time is 'Time of day at which the order was placed, by the clock of totesys';
comment on column fact_sales_order.last_updated_date is 'Day of the last change that totesys recorded; it does not record every change';
comment on column fact_sales_order.last_updated_time is 'Time of day of the last change that totesys recorded';
comment on column fact_sales_order.sales_staff_id is 'Who made the sale';
comment on column fact_sales_order.counterparty_id is 'Who bought';
comment on column fact_sales_order.units_sold is 'Number of bags';
comment on column fact_sales_order.unit_price is 'Price of one bag, in the currency of the order';
comment on column fact_sales_order.currency_id is 'Currency of unit_price';
comment on column fact_sales_order.design_id is 'Design of the bags';
comment on column fact_sales_order.agreed_payment_date is 'Day on which payment is due';
comment on column fact_sales_order.agreed_delivery_date is 'Day on which delivery is due';
comment on column fact_sales_order.agreed_delivery_location_id is 'Where to deliver';
comment on column fact_sales_order.batch is 'Number of the batch that brought this version';
comment on column fact_sales_order.deleted is 'True in the version that records that totesys deleted the order';

create table fact_purchase_order (
  purchase_record_id serial primary key,
  purchase_order_id int not null,
  created_date date not null references dim_date (date_id),
  created_time time not null,
  last_updated_date date not null references dim_date (date_id),
  last_updated_time time not null,
  staff_id int not null references dim_staff (staff_id),
  counterparty_id int not null references dim_counterparty (counterparty_id),
  item_code varchar not null,
  item_quantity int not null,
  item_unit_price numeric not null,
  currency_id int not null references dim_currency (currency_id),
  agreed_delivery_date date not null references dim_date (date_id),
  agreed_payment_date date not null references dim_date (date_id),
  agreed_delivery_location_id int not null references dim_location (location_id),
  batch bigint not null,
  deleted boolean not null default false
);

create index fact_purchase_order_versions on fact_purchase_order (purchase_order_id, purchase_record_id);

comment on table fact_purchase_order is 'One row per version of a purchase order; current_purchase_order has the newest versions only';
comment on column fact_purchase_order.purchase_record_id is 'Key of this version; of two versions of one order the higher is the newer';
comment on column fact_purchase_order.purchase_order_id is 'Key of the order in totesys';
comment on column fact_purchase_order.created_date is 'Day on which the order was placed';
comment on column fact_purchase_order.created_time is 'Time of day at which the order was placed, by the clock of totesys';
comment on column fact_purchase_order.last_updated_date is 'Day of the last change that totesys recorded; it does not record every change';
comment on column fact_purchase_order.last_updated_time is 'Time of day of the last change that totesys recorded';
comment on column fact_purchase_order.staff_id is 'Who placed the order';
comment on column fact_purchase_order.counterparty_id is 'Who supplies';
comment on column fact_purchase_order.item_code is 'Code of the item';
comment on column fact_purchase_order.item_quantity is 'Number of items';
comment on column fact_purchase_order.item_unit_price is 'Price of one item, in the currency of the order';
comment on column fact_purchase_order.currency_id is 'Currency of item_unit_price';
comment on column fact_purchase_order.agreed_delivery_date is 'Day on which delivery is due';
comment on column fact_purchase_order.agreed_payment_date is 'Day on which payment is due';
comment on column fact_purchase_order.agreed_delivery_location_id is 'Where to deliver';
comment on column fact_purchase_order.batch is 'Number of the batch that brought this version';
comment on column fact_purchase_order.deleted is 'True in the version that records that totesys deleted the order';

create table fact_payment (
  payment_record_id serial primary key,
  payment_id int not null,
  created_date date not null references dim_date (date_id),
  created_time time not null,
  last_updated_date date not null references dim_date (date_id),
  -- The official diagram says last_updated here. Later official warehouses say last_updated_time, as both other facts do: one name for one thing.
  last_updated_time time not null,
  transaction_id int not null references dim_transaction (transaction_id),
  counterparty_id int not null references dim_counterparty (counterparty_id),
  payment_amount numeric not null,
  currency_id int not null references dim_currency (currency_id),
  payment_type_id int not null references dim_payment_type (payment_type_id),
  paid boolean not null,
  payment_date date not null references dim_date (date_id),
  batch bigint not null,
  deleted boolean not null default false
);

create index fact_payment_versions on fact_payment (payment_id, payment_record_id);

comment on table fact_payment is 'One row per version of a payment; current_payment has the newest versions only';
comment on column fact_payment.payment_record_id is 'Key of this version; of two versions of one payment the higher is the newer';
comment on column fact_payment.payment_id is 'Key of the payment in totesys';
comment on column fact_payment.created_date is 'Day on which the payment was entered';
comment on column fact_payment.created_time is 'Time of day at which the payment was entered, by the clock of totesys';
comment on column fact_payment.last_updated_date is 'Day of the last change that totesys recorded; it does not record every change';
comment on column fact_payment.last_updated_time is 'Time of day of the last change that totesys recorded';
comment on column fact_payment.transaction_id is 'The sale or purchase that is paid';
comment on column fact_payment.counterparty_id is 'Who pays, in a sale; who is paid, in a purchase';
comment on column fact_payment.payment_amount is 'Amount, in the currency of the payment; the payment type tells whether it comes in or goes out';
comment on column fact_payment.currency_id is 'Currency of payment_amount';
comment on column fact_payment.payment_type_id is 'Kind of payment';
comment on column fact_payment.paid is 'True once totesys marked it as paid, which it does on weekday mornings for payments due that day only: false does not mean overdue';
comment on column fact_payment.payment_date is 'Day on which the payment is due';
comment on column fact_payment.batch is 'Number of the batch that brought this version';
comment on column fact_payment.deleted is 'True in the version that records that totesys deleted the payment';
