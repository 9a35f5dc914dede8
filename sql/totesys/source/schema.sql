-- The totesys source: the orders of a maker of tote bags, with the column order of the live system.
-- Dates agreed with customers are text (yyyy-mm-dd), timestamps carry no zone, prices are numeric without precision: so it is in the original.

-- one row per place: legal seat of a counterparty or place of delivery
create table address (
  address_id int primary key,
  address_line_1 varchar not null,
  address_line_2 varchar,
  district varchar,
  city varchar not null,
  postal_code varchar not null,
  country varchar not null,
  phone varchar not null,
  created_at timestamp not null default current_timestamp,
  last_updated timestamp not null default current_timestamp
);

-- one row per customer or supplier
create table counterparty (
  counterparty_id int primary key,
  counterparty_legal_name varchar not null,
  legal_address_id int not null references address (address_id),
  commercial_contact varchar,
  delivery_contact varchar,
  created_at timestamp not null default current_timestamp,
  last_updated timestamp not null default current_timestamp
);

-- one row per currency of trade
create table currency (
  currency_id int primary key,
  currency_code varchar(3) not null,
  created_at timestamp not null default current_timestamp,
  last_updated timestamp not null default current_timestamp
);

-- one row per department
create table department (
  department_id int primary key,
  department_name varchar not null,
  location varchar,
  manager varchar,
  created_at timestamp not null default current_timestamp,
  last_updated timestamp not null default current_timestamp
);

-- one row per design of a tote bag; its drawing is the file file_name in the directory file_location
create table design (
  design_id int primary key,
  created_at timestamp not null default current_timestamp,
  design_name varchar not null,
  file_location varchar not null,
  file_name varchar not null,
  last_updated timestamp not null default current_timestamp
);

-- one row per kind of payment
create table payment_type (
  payment_type_id int primary key,
  payment_type_name varchar not null,
  created_at timestamp not null default current_timestamp,
  last_updated timestamp not null default current_timestamp
);

-- one row per employee
create table staff (
  staff_id int primary key,
  first_name varchar not null,
  last_name varchar not null,
  department_id int not null references department (department_id),
  email_address varchar not null,
  created_at timestamp not null default current_timestamp,
  last_updated timestamp not null default current_timestamp
);

-- one row per order that a customer placed with us
create table sales_order (
  sales_order_id int primary key,
  created_at timestamp not null default current_timestamp,
  last_updated timestamp not null default current_timestamp,
  design_id int not null references design (design_id),
  staff_id int not null references staff (staff_id),
  counterparty_id int not null references counterparty (counterparty_id),
  units_sold int not null,
  unit_price numeric not null,
  currency_id int not null references currency (currency_id),
  agreed_delivery_date varchar not null,
  agreed_payment_date varchar not null,
  agreed_delivery_location_id int not null references address (address_id)
);

-- one row per order that we placed with a supplier
create table purchase_order (
  purchase_order_id int primary key,
  created_at timestamp not null default current_timestamp,
  last_updated timestamp not null default current_timestamp,
  staff_id int not null references staff (staff_id),
  counterparty_id int not null references counterparty (counterparty_id),
  item_code varchar not null,
  item_quantity int not null,
  item_unit_price numeric not null,
  currency_id int not null references currency (currency_id),
  agreed_delivery_date varchar not null,
  agreed_payment_date varchar not null,
  agreed_delivery_location_id int not null references address (address_id)
);

-- one row per order of either kind: a SALE names its sales order, a PURCHASE its purchase order
create table "transaction" (
  transaction_id int primary key,
  transaction_type varchar not null,
  sales_order_id int references sales_order (sales_order_id),
  purchase_order_id int references purchase_order (purchase_order_id),
  created_at timestamp not null default current_timestamp,
  last_updated timestamp not null default current_timestamp
);

-- one row per transaction: what is to be paid for it, and whether it was
create table payment (
  payment_id int primary key,
  created_at timestamp not null default current_timestamp,
  last_updated timestamp not null default current_timestamp,
  transaction_id int not null references "transaction" (transaction_id),
  counterparty_id int not null references counterparty (counterparty_id),
  payment_amount numeric not null,
  currency_id int not null references currency (currency_id),
  payment_type_id int not null references payment_type (payment_type_id),
  paid boolean not null,
  payment_date varchar not null,
  company_ac_number int not null,
  counterparty_ac_number int not null
);
