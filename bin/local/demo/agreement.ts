/** Whether source and warehouse say the same: rows of every table, and money per currency, each side asked by itself. */
import { TerminalError } from '../../../lambdas/shared/errors.ts';
import { identifier } from '../../../lambdas/shared/postgres.ts';
import type { Session } from '../../../lambdas/shared/session.ts';
import type { WarehouseState } from '../../warehouse-state.ts';

export interface Arrived {
  readonly source: string;
  readonly warehouse: string;
  readonly rowsInSource: number;
  readonly current: number;
  readonly versions: number;
  readonly quarantined: number;
}

/** Each table of totesys with that of the warehouse that has a row for each of its rows; departments are columns of dim_staff. */
const PAIRS: readonly (readonly [string, string])[] = [
  ['sales_order', 'fact_sales_order'],
  ['purchase_order', 'fact_purchase_order'],
  ['payment', 'fact_payment'],
  ['transaction', 'dim_transaction'],
  ['design', 'dim_design'],
  ['address', 'dim_location'],
  ['counterparty', 'dim_counterparty'],
  ['staff', 'dim_staff'],
  ['payment_type', 'dim_payment_type'],
  ['currency', 'dim_currency'],
];

export async function compareRows(source: Session, { models }: WarehouseState): Promise<Arrived[]> {
  const arrived: Arrived[] = [];
  for (const [table, model] of PAIRS) {
    const [counts] = await source.query<{ rows: string }>(`select count(*) as rows from ${identifier(table)}`);
    const { current = 0, rows: versions = 0, quarantined = 0 } = models[model] ?? {};
    arrived.push({
      source: table,
      warehouse: model,
      rowsInSource: Number(counts?.rows),
      current,
      versions,
      quarantined,
    });
  }
  return arrived;
}

/** Exact sums of one currency. */
export interface Money {
  readonly currency: string;
  readonly sales: string;
  readonly purchases: string;
  readonly payments: string;
  readonly paid: string;
}

/** Exact sums; the two sides differ in the names of three tables alone. */
const moneySql = (tables: { sales: string; purchases: string; payments: string; currencies: string }) => `
  select
    c.currency_code as currency,
    (select trim_scale(sum(units_sold * unit_price)) from ${tables.sales} t where t.currency_id = c.currency_id) as sales,
    (select trim_scale(sum(item_quantity * item_unit_price)) from ${tables.purchases} t where t.currency_id = c.currency_id) as purchases,
    (select trim_scale(sum(payment_amount)) from ${tables.payments} t where t.currency_id = c.currency_id) as payments,
    (select trim_scale(sum(payment_amount)) from ${tables.payments} t where t.currency_id = c.currency_id and paid) as paid
  from ${tables.currencies} c
  order by c.currency_code`;

/** @returns the sums that both sides agree on. @throws {TerminalError} with what they do not agree on */
export async function proveAgreement(
  source: Session,
  warehouse: Session,
  arrived: readonly Arrived[],
): Promise<readonly Money[]> {
  const theirs = await source.query<Money>(
    moneySql({ sales: 'sales_order', purchases: 'purchase_order', payments: 'payment', currencies: 'currency' }),
  );
  const ours = await warehouse.query<Money>(
    moneySql({
      sales: 'current_sales_order',
      purchases: 'current_purchase_order',
      payments: 'current_payment',
      currencies: 'dim_currency',
    }),
  );
  const differences = arrived
    .filter(({ rowsInSource, current }) => rowsInSource !== current)
    .map(({ source, warehouse, rowsInSource, current }) => `${source} ${rowsInSource}, ${warehouse} ${current} rows`);
  if (JSON.stringify(theirs) !== JSON.stringify(ours))
    differences.push(`money in the source ${JSON.stringify(theirs)}, in the warehouse ${JSON.stringify(ours)}`);
  if (differences.length === 0) return ours;
  throw new TerminalError(`source and warehouse differ: ${differences.join('; ')}`);
}
