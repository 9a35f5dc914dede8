/**
 * `make bench`: every stage beside its floor and beside what people usually write, in one run on the same rows.
 * SCALE=5 takes five million sales orders instead of one. The table goes to stdout, the progress to stderr.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type LocalPostgres, removePostgres, startPostgres } from '../../bin/local/postgres.ts';
import { readDataset, SQL_FOLDER } from '../../bin/pipeline.ts';
import { UsageError } from '../../lambdas/shared/errors.ts';
import { connect } from '../../lambdas/shared/postgres.ts';
import { prepareBareTable } from './bare-table.ts';
import { type MeasureOptions, measureInTurn, measureOnce } from './measure.ts';
import type { Place } from './piece.ts';
import { type Figure, machine, table } from './report.ts';
import { fillSource } from './source.ts';

const FOLDER = join('.weir', 'bench');
const SERVER_FOLDER = join('.weir', 'bench-postgres');

/** Slow baselines read at most so many rows: their speed does not grow with more. */
const SAMPLE = 500_000;

const orders = Math.round(readScale() * 1_000_000);
const server = await startPostgres({ directory: SERVER_FOLDER, durable: true });
try {
  await rm(FOLDER, { recursive: true, force: true });
  const figures = await bench(server);
  console.log(await report(server, figures));
} finally {
  await server.stop();
  await removePostgres(SERVER_FOLDER);
  await rm(FOLDER, { recursive: true, force: true });
}

function readScale(): number {
  const scale = Number(process.env.SCALE ?? 1);
  if (scale >= 0.02 && scale <= 100) return scale;
  throw new UsageError(
    `SCALE=${process.env.SCALE}: give millions of sales orders, 0.02 to 100 (the two years of the simulator have 11,000)`,
  );
}

async function bench(server: LocalPostgres): Promise<Figure[]> {
  const place: Place = {
    source: await server.createDatabase('totesys'),
    warehouse: server.url('warehouse'),
    lake: join(FOLDER, 'lake'),
    files: join(FOLDER, 'files'),
    sample: Math.min(orders, SAMPLE),
  };
  await mkdir(place.files, { recursive: true });
  console.error(`making ${orders} sales orders`);
  await fillSource(place.source, orders);
  return [
    ...(await benchIngest(place)),
    ...(await benchTransform(place)),
    ...(await benchLoad(place, server)),
    ...(await benchChanges(place)),
  ];
}

async function benchIngest(place: Place): Promise<Figure[]> {
  console.error('ingest');
  const { ingest, copy } = await measureInTurn(3, {
    ingest: { piece: 'ingest', place, before: () => remove(place.lake) },
    copy: { piece: 'copy-out', place },
  });
  const cursor = await measureOnce({ piece: 'pg-cursor', place });
  return [
    { measure: 'ingest, all 11 tables', value: ingest.speed, unit: 'rows/s' },
    {
      measure: '· COPY TO STDOUT to nowhere',
      value: copy.speed,
      unit: 'rows/s',
      ratio: ingest.speed / copy.speed,
      aim: { atLeast: 0.85 },
    },
    {
      measure: '· pg-cursor to JSON lines',
      value: cursor.speed,
      unit: 'rows/s',
      ratio: ingest.speed / cursor.speed,
    },
    peak('ingest', ingest.peakMegabytes),
  ];
}

async function benchTransform(place: Place): Promise<Figure[]> {
  console.error('transform');
  const before = () => remove(join(place.lake, 'processed'));
  const { transform, duckdb } = await measureInTurn(3, {
    transform: { piece: 'transform', place: { ...place, models: ['fact_sales_order'] }, before },
    duckdb: { piece: 'duckdb', place },
  });
  const parquetjs = await measureOnce({ piece: 'parquetjs-lite', place });
  const all = await measureOnce({ piece: 'transform', place, before }); // what the load then reads
  return [
    { measure: 'transform, fact_sales_order', value: transform.speed, unit: 'rows/s' },
    {
      measure: '· DuckDB alone, not remodelled',
      value: duckdb.speed,
      unit: 'rows/s',
      ratio: transform.speed / duckdb.speed,
    },
    {
      measure: '· parquetjs-lite row by row',
      value: parquetjs.speed,
      unit: 'rows/s',
      ratio: transform.speed / parquetjs.speed,
      aim: { atLeast: 25 },
    },
    peak('transform, all 11 models', Math.max(all.peakMegabytes, transform.peakMegabytes)),
  ];
}

async function benchLoad(place: Place, server: LocalPostgres): Promise<Figure[]> {
  console.error('load');
  const dataset = await readDataset(join(SQL_FOLDER, 'totesys'));
  const intoBareTable = (piece: string, table: { foreignKeys: boolean; rows?: number }): MeasureOptions => ({
    piece,
    place,
    before: () => prepareBareTable({ place, dataset, ...table }),
  });
  const { load, copy } = await measureInTurn(3, {
    load: { piece: 'load', place, before: () => emptyWarehouse(server) },
    copy: intoBareTable('copy-in', { foreignKeys: false }),
  });
  const checked = await measureOnce(intoBareTable('copy-in', { foreignKeys: true, rows: place.sample }));
  const inserts = await measureOnce(intoBareTable('inserts', { foreignKeys: true, rows: place.sample }));
  return [
    { measure: 'first load, sales orders', value: load.speed, unit: 'rows/s' },
    {
      measure: '· bare COPY, foreign keys off',
      value: copy.speed,
      unit: 'rows/s',
      ratio: load.speed / copy.speed,
    },
    {
      measure: '· bare COPY, foreign keys on',
      value: checked.speed,
      unit: 'rows/s',
      ratio: load.speed / checked.speed,
      aim: { atLeast: 4 },
    },
    {
      measure: '· INSERTs of 1,000 rows',
      value: inserts.speed,
      unit: 'rows/s',
      ratio: load.speed / inserts.speed,
      aim: { atLeast: 5 },
    },
    peak('load', load.peakMegabytes),
  ];
}

async function benchChanges(place: Place): Promise<Figure[]> {
  console.error('changes');
  await settle(place.warehouse);
  const poll = await measureOnce({ piece: 'empty-poll', place, warmUps: 2, runs: 9 });
  const change = await measureOnce({ piece: 'one-change', place, warmUps: 2, runs: 9 });
  return [
    { measure: 'poll of 11 tables, nothing new', value: poll.milliseconds, unit: 'ms', aim: { atMost: 100 } },
    { measure: 'one change, source to warehouse', value: change.milliseconds, unit: 'ms', aim: { atMost: 1000 } },
  ];
}

function peak(stage: string, megabytes: number): Figure {
  return { measure: `peak memory of ${stage}`, value: megabytes, unit: 'MB', aim: { atMost: 400 } };
}

async function remove(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

async function emptyWarehouse(server: LocalPostgres): Promise<void> {
  await settle(await server.createDatabase('warehouse'));
}

/** Does now what the server has put off, so that it does not do it while something is timed. */
async function settle(database: string): Promise<void> {
  const session = await connect({ url: database, role: 'warehouse' });
  try {
    await session.query('vacuum (analyze)');
    await session.query('checkpoint');
  } finally {
    await session.end();
  }
}

async function report(server: LocalPostgres, figures: readonly Figure[]): Promise<string> {
  const session = await connect({ url: server.url('postgres'), role: 'source' });
  const [row] = await session.query<{ server_version: string }>('show server_version').finally(() => session.end());
  const millions = new Intl.NumberFormat('en').format(orders);
  const sample = new Intl.NumberFormat('en').format(Math.min(orders, SAMPLE));
  return `
Measured on ${millions} sales orders, with ${machine(row?.server_version ?? '')}.

${table(figures)}

- Speed is sales orders a second, of ingest and what it is compared with the rows of all 11 tables; the other ten tables have
  their real size, 37,000 rows together. A ratio is Weir’s speed over that of the line. Medians of three runs in turn; pg-cursor, parquetjs-lite,
  the checked COPY and the INSERTs ran once, the last three on ${sample} rows.
- A stage is timed whole, from the call to the commit: ingest connects, locks, reads the catalogue, compresses, hashes and flushes;
  transform fetches and checks the capture, remodels, profiles and stores; load migrates an empty schema, loads all eleven
  models and validates the foreign keys. The lake is a folder. Starting Node and reading the data set are not in it.
- Memory is the highest that a stage’s process ever had resident, JavaScript and DuckDB together, without PostgreSQL’s.
- The last two are medians of nine in a warm process; the change goes from before its UPDATE to after the load’s commit.`.trimStart();
}
