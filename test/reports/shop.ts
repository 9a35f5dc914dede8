/** A warehouse with a table of sales, and reports on it. */
import type { AnswerOptions } from '../../bin/reports/answer-reports.ts';
import { parseReport, type Report } from '../../bin/reports/report-files.ts';
import { prepareSchema } from '../../lambdas/load/ledger.ts';
import { connect } from '../../lambdas/shared/postgres.ts';
import type { Session } from '../../lambdas/shared/session.ts';
import { createTestDatabase } from '../support/database.ts';

export interface Shop {
  /** In the schema of the shop. */
  readonly session: Session;
  readonly place: Omit<AnswerOptions, 'reports'>;
  remove(): Promise<void>;
}

/** What nobody would call a product, but somebody could. */
export const HOSTILE = `</script><script>alert(1)</script>"'&\u2028<!--`;

const SALE_SQL = 'create table sale (product text, month text, currency text, units int, amount numeric(12, 2))';

export async function createShop(): Promise<Shop> {
  const database = await createTestDatabase('shop');
  const warehouse = () => connect({ url: database.url, role: 'warehouse' });
  const session = await warehouse();
  const dataset = { warehouse: { schema: 'the shop', migrations: [{ name: '001', sql: SALE_SQL }] } };
  await prepareSchema(session, dataset.warehouse);
  await session.query('set search_path to "the shop"');
  return {
    session,
    place: { dataset, warehouse },
    async remove() {
      await session.end();
      await database.drop();
    },
  };
}

/** Sells, and says that a batch brought it. */
export async function fillShop({ session }: Shop): Promise<void> {
  await session.query(
    `insert into sale values
       ('Bag', '2026-10', 'GBP', 1200, 1234567.89), ('Bag', '2026-11', 'GBP', 900, 100),
       ('Cup', '2026-10', 'EUR', 3, 0.5), ($1, '2026-11', 'EUR', 2000, -7), (null, '2026-11', 'EUR', 1, null)`,
    [HOSTILE],
  );
  await bookBatch(session, 41, '2026-11-21 07:03:00.123456+00');
}

export async function bookBatch(session: Session, batch: number, capturedAt: string): Promise<void> {
  await session.query('insert into weir_ledger values ($1, $2, $3, now(), $4, 5)', [batch, 'sha', capturedAt, '{}']);
}

export const BY_PRODUCT = report(
  'by-product',
  `-- Which products sell best, <by units>?
-- chart: { kind: bar, x: product, y: units_sold }
-- All of them.
select product, sum(units) as units_sold from sale group by product order by product nulls last;`,
);

export const BY_MONTH = report(
  'by-month',
  `-- What did each month bring in?
-- chart: { kind: line, x: month, y: revenue, panels: currency }
select month, currency, sum(amount) as revenue from sale group by month, currency order by month, currency`,
);

export const BROKEN = report('broken', '-- What is not there?\nselect * from nowhere');

export const NOTHING = report(
  'nothing',
  '-- What sells not?\n-- chart: { kind: column, x: product, y: units }\nselect product, units from sale where false',
);

export const TABLE = report(
  'table',
  '-- What is in the shop?\nselect product, month, amount from sale order by units desc',
);

export function report(name: string, sql: string): Report {
  return parseReport(`${name}.sql`, sql);
}
