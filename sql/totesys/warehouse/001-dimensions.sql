-- The eight dimensions that the three stars share: the newest state of each member.
-- The official columns come first, unchanged; batch and deleted are Weir's own. A row whose source is gone stays, marked deleted, since facts point to it.

create table dim_date (
  date_id date primary key,
  year int not null,
  month int not null,
  day int not null,
  day_of_week int not null,
  day_name varchar not null,
  month_name varchar not null,
  quarter int not null,
  batch bigint not null,
  deleted boolean not null default false
);

comment on table dim_date is 'One row per day of the calendar, whether anything happened on it or not';
comment on column dim_date.date_id is 'The day';
comment on column dim_date.year is 'Year, four digits';
comment on column dim_date.month is 'Month of the year, 1 to 12';
comment on column dim_date.day is 'Day of the month, 1 to 31';
comment on column dim_date.day_of_week is 'Day of the week as in ISO 8601: Monday is 1, Sunday is 7';
comment on column dim_date.day_name is 'English name of the day: Monday';
comment on column dim_date.month_name is 'English name of the month: January';
comment on column dim_date.quarter is 'Quarter of the calendar year, 1 to 4';
comment on column dim_date.batch is 'Number of the batch that last changed this row';
comment on column dim_date.deleted is 'True if the day is no longer part of the calendar';

create table dim_currency (
  currency_id int primary key,
  currency_code varchar not null,
  currency_name varchar not null,
  batch bigint not null,
  deleted boolean not null default false
);

comment on table dim_currency is 'One row per currency in which totesys buys or sells. There are no exchange rates: never add amounts of two currencies';
comment on column dim_currency.currency_id is 'Key of the currency in totesys';
comment on column dim_currency.currency_code is 'ISO 4217 code, three letters: GBP';
comment on column dim_currency.currency_name is 'English name in ISO 4217, which totesys itself does not keep: Pound Sterling';
comment on column dim_currency.batch is 'Number of the batch that last changed this row';
comment on column dim_currency.deleted is 'True if totesys has deleted the currency';

create table dim_payment_type (
  payment_type_id int primary key,
  payment_type_name varchar not null,
  batch bigint not null,
  deleted boolean not null default false
);

comment on table dim_payment_type is 'One row per kind of payment';
comment on column dim_payment_type.payment_type_id is 'Key of the kind of payment in totesys';
comment on column dim_payment_type.payment_type_name is 'SALES_RECEIPT, SALES_REFUND, PURCHASE_PAYMENT or PURCHASE_REFUND';
comment on column dim_payment_type.batch is 'Number of the batch that last changed this row';
comment on column dim_payment_type.deleted is 'True if totesys has deleted the kind of payment';

create table dim_location (
  location_id int primary key,
  address_line_1 varchar not null,
  address_line_2 varchar,
  district varchar,
  city varchar not null,
  postal_code varchar not null,
  country varchar not null,
  phone varchar not null,
  batch bigint not null,
  deleted boolean not null default false
);

comment on table dim_location is 'One row per address: where orders are delivered, and where counterparties have their seat';
comment on column dim_location.location_id is 'Key of the address in totesys (address_id there)';
comment on column dim_location.address_line_1 is 'First line of the address';
comment on column dim_location.address_line_2 is 'Second line of the address; null if there is none';
comment on column dim_location.district is 'District; null if there is none';
comment on column dim_location.city is 'City';
comment on column dim_location.postal_code is 'Postal code; text, since it may begin with zeros';
comment on column dim_location.country is 'English name of the country';
comment on column dim_location.phone is 'Telephone number of the address';
comment on column dim_location.batch is 'Number of the batch that last changed this row';
comment on column dim_location.deleted is 'True if totesys has deleted the address';

create table dim_design (
  design_id int primary key,
  design_name varchar not null,
  file_location varchar not null,
  file_name varchar not null,
  batch bigint not null,
  deleted boolean not null default false
);

comment on table dim_design is 'One row per design of a tote bag';
comment on column dim_design.design_id is 'Key of the design in totesys';
comment on column dim_design.design_name is 'Name of the design; many designs share one name, file_name tells them apart';
comment on column dim_design.file_location is 'Directory of the design file';
comment on column dim_design.file_name is 'Name of the design file';
comment on column dim_design.batch is 'Number of the batch that last changed this row';
comment on column dim_design.deleted is 'True if totesys has deleted the design';

create table dim_staff (
  staff_id int primary key,
  first_name varchar not null,
  last_name varchar not null,
  department_name varchar not null,
  location varchar not null,
  email_address varchar not null,
  batch bigint not null,
  deleted boolean not null default false
);

comment on table dim_staff is 'One row per member of staff, with the department they work in now';
comment on column dim_staff.staff_id is 'Key of the member of staff in totesys';
comment on column dim_staff.first_name is 'First name';
comment on column dim_staff.last_name is 'Last name';
comment on column dim_staff.department_name is 'Name of their department';
comment on column dim_staff.location is 'Town of their department';
comment on column dim_staff.email_address is 'E-mail address at work';
comment on column dim_staff.batch is 'Number of the batch that last changed this row';
comment on column dim_staff.deleted is 'True if totesys has deleted the member of staff';

create table dim_counterparty (
  counterparty_id int primary key,
  counterparty_legal_name varchar not null,
  counterparty_legal_address_line_1 varchar not null,
  counterparty_legal_address_line_2 varchar,
  counterparty_legal_district varchar,
  counterparty_legal_city varchar not null,
  counterparty_legal_postal_code varchar not null,
  counterparty_legal_country varchar not null,
  counterparty_legal_phone_number varchar not null,
  batch bigint not null,
  deleted boolean not null default false
);

comment on table dim_counterparty is 'One row per company that totesys sells to or buys from, with its legal address now';
comment on column dim_counterparty.counterparty_id is 'Key of the counterparty in totesys';
comment on column dim_counterparty.counterparty_legal_name is 'Legal name of the company';
comment on column dim_counterparty.counterparty_legal_address_line_1 is 'First line of the legal address';
comment on column dim_counterparty.counterparty_legal_address_line_2 is 'Second line of the legal address; null if there is none';
comment on column dim_counterparty.counterparty_legal_district is 'District of the legal address; null if there is none';
comment on column dim_counterparty.counterparty_legal_city is 'City of the legal address';
comment on column dim_counterparty.counterparty_legal_postal_code is 'Postal code of the legal address; text, since it may begin with zeros';
comment on column dim_counterparty.counterparty_legal_country is 'English name of the country of the legal address';
comment on column dim_counterparty.counterparty_legal_phone_number is 'Telephone number of the legal address';
comment on column dim_counterparty.batch is 'Number of the batch that last changed this row';
comment on column dim_counterparty.deleted is 'True if totesys has deleted the counterparty';

create table dim_transaction (
  transaction_id int primary key,
  transaction_type varchar not null,
  sales_order_id int,
  purchase_order_id int,
  batch bigint not null,
  deleted boolean not null default false
);

comment on table dim_transaction is 'One row per transaction: ties a payment to the one order that it pays';
comment on column dim_transaction.transaction_id is 'Key of the transaction in totesys';
comment on column dim_transaction.transaction_type is 'SALE or PURCHASE';
comment on column dim_transaction.sales_order_id is 'The order that was sold; null in a purchase';
comment on column dim_transaction.purchase_order_id is 'The order that was bought; null in a sale';
comment on column dim_transaction.batch is 'Number of the batch that last changed this row';
comment on column dim_transaction.deleted is 'True if totesys has deleted the transaction';
