/** `node bin/report-columns.ts <dataset>` writes sql/<dataset>/report-columns.json, from which the data sets of QuickSight are made. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareSchema } from '../lambdas/load/ledger.ts';
import { UsageError } from '../lambdas/shared/errors.ts';
import { connect } from '../lambdas/shared/postgres.ts';
import { startPostgres } from './local/postgres.ts';
import { readDataset, SQL_FOLDER } from './pipeline.ts';
import { readReports } from './reports/report-files.ts';

/** Of the report that stands in the view, with PostgreSQL's own types. */
const COLUMNS_SQL = `
  select attname as name, format_type(atttypid, atttypmod) as type
  from pg_attribute
  where attrelid = 'pg_temp.report'::regclass and attnum > 0
  order by attnum`;

/** The text of a data set's report-columns.json: its reports bound to the warehouse that its migrations make in the empty database `url`. */
export async function describeReportColumns(name: string, url: string): Promise<string> {
  const folder = join(SQL_FOLDER, name);
  const { warehouse } = await readDataset(folder);
  const session = await connect({ url, role: 'warehouse' });
  try {
    await prepareSchema(session, warehouse);
    const reports: Record<string, Record<string, string>> = {};
    for (const { name: report, sql } of await readReports(join(folder, 'reports'))) {
      await session.query(`create temporary view report as ${sql}`);
      const columns = await session.query<{ name: string; type: string }>(COLUMNS_SQL);
      reports[report] = Object.fromEntries(columns.map((column) => [column.name, column.type]));
      await session.query('drop view pg_temp.report');
    }
    return `${JSON.stringify(reports, null, 2)}\n`;
  } finally {
    await session.end();
  }
}

if (process.argv[1] === import.meta.filename) {
  const [, , dataset] = process.argv;
  if (dataset === undefined) throw new UsageError('say which data set: node bin/report-columns.ts totesys');
  const directory = await mkdtemp(join(tmpdir(), 'weir-columns-'));
  const postgres = await startPostgres({ directory, durable: false });
  try {
    const text = await describeReportColumns(dataset, await postgres.createDatabase(dataset));
    await writeFile(join(SQL_FOLDER, dataset, 'report-columns.json'), text);
  } finally {
    await postgres.stop();
    await rm(directory, { recursive: true });
  }
}
