/** Compares a warehouse of totesys with its source, row by row and value by value, by queries that know nothing of Weir. */
import { expect } from '@jest/globals';
import type { Session } from '../../lambdas/shared/session.ts';
import type { Totesys } from './totesys.ts';

/** The same rows in the words of the source and in those of the warehouse. */
const PAIRS: readonly (readonly [source: string, warehouse: string])[] = [
  [
    `select sales_order_id as id, created_at::text as created, last_updated::text as updated, staff_id, counterparty_id, units_sold,
       unit_price::numeric(18, 2)::text as price, currency_id, design_id, agreed_payment_date as payment, agreed_delivery_date as delivery,
       agreed_delivery_location_id as location
     from sales_order order by 1`,
    `select sales_order_id as id, (created_date + created_time)::text as created, (last_updated_date + last_updated_time)::text as updated,
       sales_staff_id as staff_id, counterparty_id, units_sold, unit_price::text as price, currency_id, design_id,
       agreed_payment_date::text as payment, agreed_delivery_date::text as delivery, agreed_delivery_location_id as location
     from totesys.current_sales_order order by 1`,
  ],
  [
    `select purchase_order_id as id, created_at::text as created, last_updated::text as updated, staff_id, counterparty_id, item_code,
       item_quantity, item_unit_price::numeric(18, 2)::text as price, currency_id, agreed_delivery_date as delivery
     from purchase_order order by 1`,
    `select purchase_order_id as id, (created_date + created_time)::text as created, (last_updated_date + last_updated_time)::text as updated,
       staff_id, counterparty_id, item_code, item_quantity, item_unit_price::text as price, currency_id, agreed_delivery_date::text as delivery
     from totesys.current_purchase_order order by 1`,
  ],
  [
    `select payment_id as id, created_at::text as created, last_updated::text as updated, transaction_id, counterparty_id,
       payment_amount::numeric(18, 2)::text as amount, currency_id, payment_type_id, paid, payment_date as day
     from payment order by 1`,
    `select payment_id as id, (created_date + created_time)::text as created, (last_updated_date + last_updated_time)::text as updated,
       transaction_id, counterparty_id, payment_amount::text as amount, currency_id, payment_type_id, paid, payment_date::text as day
     from totesys.current_payment order by 1`,
  ],
  [
    'select transaction_id as id, transaction_type, sales_order_id, purchase_order_id from "transaction" order by 1',
    'select transaction_id as id, transaction_type, sales_order_id, purchase_order_id from totesys.dim_transaction where not deleted order by 1',
  ],
  [
    'select design_id as id, design_name, file_location, file_name from design order by 1',
    'select design_id as id, design_name, file_location, file_name from totesys.dim_design where not deleted order by 1',
  ],
  [
    `select staff_id as id, first_name, last_name, department_name, location, email_address
     from staff join department using (department_id) order by 1`,
    'select staff_id as id, first_name, last_name, department_name, location, email_address from totesys.dim_staff where not deleted order by 1',
  ],
];

export async function expectWarehouseEqualsSource({ source, warehouse }: Totesys): Promise<void> {
  for (const [theirs, ours] of PAIRS) {
    const rows = await linesOf(source, theirs);
    expect(rows.length).toBeGreaterThan(0);
    expect(await linesOf(warehouse, ours)).toEqual(rows);
  }
  expect(await warehouse.query('select * from totesys.weir_quarantine')).toEqual([]);
}

/** One text a row: Jest compares ten thousand texts at once, and ten thousand objects in seconds. */
async function linesOf(session: Session, sql: string): Promise<string[]> {
  return (await session.query(sql)).map((row) => JSON.stringify(row));
}
