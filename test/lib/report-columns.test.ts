/** The reports as QuickSight asks them: their columns, and the SQL that it makes of them, on a real warehouse. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readDataset, SQL_FOLDER } from '../../bin/pipeline.ts';
import { describeReportColumns } from '../../bin/report-columns.ts';
import { readReports } from '../../bin/reports/report-files.ts';
import { prepareSchema } from '../../lambdas/load/ledger.ts';
import { connect, identifier } from '../../lambdas/shared/postgres.ts';
import { PLACE, placedSql } from '../../lib/quicksight-report.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const folder = join(SQL_FOLDER, 'totesys');
const reports = await readReports(join(folder, 'reports'));

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase('reports');
});
afterEach(() => database.drop());

test('report-columns.json of totesys is up to date; node bin/report-columns.ts totesys writes it anew', async () => {
  const file = readFileSync(join(folder, 'report-columns.json'), 'utf8');
  expect(await describeReportColumns('totesys', database.url)).toBe(file);
});

/** A few hundred orders and payments of two designs in three currencies, some revised, some overdue. */
const BUSINESS_SQL = `
  insert into dim_date
  select day, extract(year from day), extract(month from day), extract(day from day), extract(isodow from day),
    trim(to_char(day, 'Day')), trim(to_char(day, 'Month')), extract(quarter from day), 1
  from generate_series(current_date - 400, current_date + 400, interval '1 day') as day;
  insert into dim_currency values (1, 'GBP', 'Pound Sterling', 1), (2, 'USD', 'US Dollar', 1), (3, 'EUR', 'Euro', 1);
  insert into dim_payment_type values (1, 'SALES_RECEIPT', 1), (2, 'SALES_REFUND', 1), (3, 'PURCHASE_PAYMENT', 1);
  insert into dim_location values (1, '1 Mill Lane', null, null, 'York', 'YO1', 'England', '1', 1), (2, '2 Quai', null, null, 'Nice', '06', 'France', '2', 1);
  insert into dim_design values (1, 'Wooden', '/', 'wooden.json', 1), (2, 'Frozen', '/', 'frozen.json', 1);
  insert into dim_staff values (1, 'Ada', 'Hill', 'Sales', 'Leeds', 'ada@example.com', 1), (2, 'Bo', 'Day', 'Purchasing', 'Leeds', 'bo@example.com', 1);
  insert into dim_counterparty values (1, 'Bags Ltd', '3 Row', null, null, 'Hull', 'HU1', 'England', '3', 1), (2, 'Sacs SA', '4 Rue', null, null, 'Lyon', '69', 'France', '4', 1);
  insert into dim_transaction
  select n, case when n % 2 = 0 then 'SALE' else 'PURCHASE' end, case when n % 2 = 0 then n end, case when n % 2 = 1 then n end, 1
  from generate_series(1, 300) as n;
  insert into fact_sales_order
  select n, least(n, 290), current_date - n, '10:00', current_date - n, '10:00', 1 + n % 2, 1 + n % 2, 100 + n, 2.50, 1 + n % 3, 1 + n % 2,
    current_date - n + 30, current_date - n + n % 40, 1 + n % 2, 1
  from generate_series(1, 300) as n;
  insert into fact_purchase_order
  select n, least(n, 290), current_date - n, '11:00', current_date - n, '11:00', 2, 1 + n % 2, 'A' || n % 5, 10 + n, 1.25, 1 + n % 3,
    current_date - n + n % 40, current_date - n + 30, 1 + n % 2, 1
  from generate_series(1, 300) as n;
  insert into fact_payment
  select n, least(n, 290), current_date - n, '12:00', current_date - n + 20, '12:00', least(n, 290), 1 + n % 2, 99.5 + n, 1 + n % 3, 1 + n % 3, n % 4 > 0,
    current_date - n + 25, 1
  from generate_series(1, 300) as n`;

test('as a subquery of a role that may only read, every report gives the same rows, numbered in its own order', async () => {
  const owner = await connect({ url: database.url, role: 'warehouse' });
  const analyst = `analyst_${randomBytes(4).toString('hex')}`;
  try {
    await prepareSchema(owner, (await readDataset(folder)).warehouse);
    await owner.query(BUSINESS_SQL);
    await owner.query(`create role ${analyst} login password '${analyst}';
      grant usage on schema totesys to ${analyst};
      grant select on all tables in schema totesys to ${analyst};
      alter role ${analyst} in database ${identifier(new URL(database.url).pathname.slice(1))} set search_path = totesys`);
    const session = await connect({ url: loginOf(analyst), role: 'analyst' });
    try {
      for (const report of reports) {
        const rows = await session.query(report.sql);
        const placed = await session.query(`select * from (${placedSql(report)}) as custom order by ${PLACE}`);
        expect(placed).toEqual(rows.map((row, index) => ({ [PLACE]: String(index + 1), ...row })));
        expect([report.name, rows.length > 0]).toEqual([report.name, true]);
      }
    } finally {
      await session.end();
    }
  } finally {
    await owner.query(`drop owned by ${analyst}; drop role ${analyst}`);
    await owner.end();
  }
});

function loginOf(role: string): string {
  const url = new URL(database.url);
  url.username = role;
  url.password = role;
  return url.href;
}
