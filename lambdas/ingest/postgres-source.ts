/** The PostgreSQL source: everything that changed since the last batch, from one snapshot, with SELECT rights alone. */
import { text } from 'node:stream/consumers';
import type { Dataset } from '../shared/dataset.ts';
import type { Duckdb } from '../shared/duckdb.ts';
import { TerminalError } from '../shared/errors.ts';
import { type Log, withFields } from '../shared/log.ts';
import type { CapturedTable, Column, CsvObject, IngestionManifest, KeyList } from '../shared/manifest.ts';
import type { ObjectStore } from '../shared/object-store.ts';
import { identifier } from '../shared/postgres.ts';
import type { Connect, Session } from '../shared/session.ts';
import { refuseMassDelete } from './breaker.ts';
import { type CatalogueTable, findTables, readCatalogue } from './catalogue.ts';
import { type Count, changedSince, takeCensus } from './census.ts';
import { differingRanges, type KeySum, listKeysSql, sumKeys } from './key-sums.ts';
import { planBatch } from './plan.ts';
import { describeModels } from './schema-change.ts';
import { isQuiet, openSnapshot, reasonForFullRead, type Snapshot } from './snapshot.ts';
import type { Capture, PollOptions, Source } from './source.ts';

export interface PostgresSourceOptions {
  readonly dataset: Dataset;
  readonly connect: Connect;
  /** Where the key sums of earlier batches are. */
  readonly store: ObjectStore;
  /** Opens an empty DuckDB to check the models in. */
  readonly openDuckdb: () => Promise<Duckdb>;
  readonly log: Log;
  /** Id of an exported snapshot that every poll reads from. @default - each poll takes a new one */
  readonly snapshot?: string;
}

export function createPostgresSource(options: PostgresSourceOptions): Source {
  let settled: Settled | undefined;
  return {
    async poll(poll) {
      const log = withFields(options.log, { batch: (poll.previous?.number ?? 0) + 1 });
      const session = await options.connect();
      try {
        const { capture, snapshot } = await readBatch(session, { ...options, log }, poll, settled);
        settled =
          capture === undefined && poll.previous !== undefined ? { batch: poll.previous.number, snapshot } : undefined;
        return capture;
      } finally {
        await session.end();
      }
    },
  };
}

/** The newest snapshot that this process found to be the same as a batch. */
interface Settled {
  readonly batch: number;
  readonly snapshot: Snapshot;
}

async function readBatch(
  session: Session,
  options: PostgresSourceOptions,
  poll: PollOptions,
  settled: Settled | undefined,
): Promise<{ capture: Capture | undefined; snapshot: Snapshot }> {
  const { dataset, log } = options;
  const { previous } = poll;
  const { schema } = dataset.source;
  const quoted = await findTables({ session, schema, names: dataset.tables });
  const snapshot = await openSnapshot(session, { tables: quoted, exported: options.snapshot });
  const tables = await readCatalogue({ session, schema, names: dataset.tables });
  const fullRead = reasonForFullRead(previous, snapshot);
  const since = settled !== undefined && settled.batch === previous?.number ? settled.snapshot : previous;
  const census = await countRows({
    session,
    tables,
    previous,
    quiet: fullRead === undefined && isQuiet(since, snapshot),
  });
  const plan = planBatch({ dataset, previous, fullRead, tables, census });
  if (plan.affected.length === 0 && !poll.refresh) return { capture: undefined, snapshot };

  const models = await describeModels({ ...options, previous, tables });
  if (!poll.acceptDeletes) refuseMassDelete({ dataset, previous, census });
  log.info(`reading ${plan.modes.size} of ${tables.length} tables`, {
    cause: plan.cause,
    tables: [...plan.modes.keys()],
  });

  const captured: Record<string, CapturedTable> = {};
  for (const table of tables) {
    captured[table.name] = await readTable({
      session,
      options,
      poll,
      table,
      mode: plan.modes.get(table.name),
      count: census.get(table.name),
    });
  }
  await session.query('commit');
  return {
    capture: { cause: plan.cause, ...snapshot, models, affected: [...plan.affected], tables: captured },
    snapshot,
  };
}

interface CountRowsOptions {
  readonly session: Session;
  readonly tables: readonly CatalogueTable[];
  readonly previous: IngestionManifest | undefined;
  readonly quiet: boolean;
}

/** A first read counts while it copies; a server on which nothing was written since has the counts of the batch before. */
async function countRows({ session, tables, previous, quiet }: CountRowsOptions): Promise<Map<string, Count>> {
  if (previous === undefined) return new Map();
  if (!quiet) return takeCensus(session, tables, previous.horizon);
  return new Map(tables.map(({ name }) => [name, { rows: previous.tables[name]?.rows ?? 0, changed: 0 }]));
}

interface ReadTableOptions {
  readonly session: Session;
  readonly options: PostgresSourceOptions;
  readonly poll: PollOptions;
  readonly table: CatalogueTable;
  readonly mode: 'whole' | 'changes' | undefined;
  readonly count: Count | undefined;
}

async function readTable(read: ReadTableOptions): Promise<CapturedTable> {
  const { table, mode, count, poll, options } = read;
  const before = poll.previous?.tables[table.name];
  const shape = { fingerprint: table.fingerprint, columns: [...table.columns], primaryKey: [...table.primaryKey] };
  if (mode === undefined)
    return { ...shape, rows: before?.rows ?? 0, sums: before?.sums ?? null, data: null, keys: null };

  const started = performance.now();
  options.log.info(`reading ${table.name}`);
  const data = mode === 'changes' && count?.changed === 0 ? null : await copyRows(read, mode);
  const keys = mode === 'changes' ? await listVanished(read, before) : { sums: null, keys: null };
  options.log.info(`read ${table.name}`, {
    mode,
    rows: data?.rows ?? 0,
    keys: keys.keys?.rows ?? 0,
    milliseconds: Math.round(performance.now() - started),
  });
  return { ...shape, rows: count?.rows ?? data?.rows ?? 0, data: data && { ...data, mode }, ...keys };
}

async function copyRows(
  { session, options, poll, table, count }: ReadTableOptions,
  mode: 'whole' | 'changes',
): Promise<CsvObject> {
  if (table.primaryKey.length === 0)
    options.log.warn(`${table.name} has no primary key: it is read whole whenever it changes`);
  const where = mode === 'changes' && poll.previous !== undefined ? `where ${changedSince(poll.previous.horizon)}` : '';
  const sql = `copy (select ${table.columns.map(selectItem).join(', ')} from ${table.sql} ${where}) to stdout (format csv, header true)`;
  const data = await poll.writer.csv({ table: table.name }, (sink) => session.copyOut(sql, sink));
  const expected = mode === 'whole' ? count?.rows : count?.changed;
  if (expected === undefined || expected === data.rows) return data;
  throw new TerminalError(
    `${table.name}: counted ${expected} rows and read ${data.rows} in one snapshot; nothing was committed`,
  );
}

/** Instants leave in UTC without an offset, because not every engine of the lake reads one. */
function selectItem({ name, type }: Column): string {
  const column = identifier(name);
  return /^timestamp.* with time zone$/.test(type) ? `${column} at time zone 'UTC' as ${column}` : column;
}

/** Lists the keys of every range in which a key may have vanished since the batch before. */
async function listVanished(
  { session, options, poll, table, count }: ReadTableOptions,
  before: CapturedTable | undefined,
): Promise<{ sums: string | null; keys: KeyList | null }> {
  const sums = await sumKeys(session, table);
  const key = await poll.writer.json({ table: table.name, suffix: '.sums' }, sums);
  const onlyInserts = count !== undefined && before !== undefined && count.rows === before.rows + count.changed;
  const ranges = onlyInserts ? undefined : differingRanges(table, await readSums(options.store, before?.sums), sums);
  if (ranges === undefined) return { sums: key, keys: null };
  const list = await poll.writer.csv({ table: table.name, suffix: '.keys' }, (sink) =>
    session.copyOut(listKeysSql(table, ranges), sink),
  );
  return { sums: key, keys: { ...list, ranges } };
}

async function readSums(store: ObjectStore, key: string | null | undefined): Promise<KeySum[] | undefined> {
  return key === null || key === undefined ? undefined : JSON.parse(await text(await store.get(key)));
}
