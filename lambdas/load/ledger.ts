/** Weir's own tables in a data set's warehouse schema: which batches and migrations are applied, and which rows wait in quarantine. */
import type { Migration } from '../shared/dataset.ts';
import { messageOf, RetryableError, TerminalError } from '../shared/errors.ts';
import { sha256Of } from '../shared/manifest-log.ts';
import { identifier } from '../shared/postgres.ts';
import type { Session } from '../shared/session.ts';

/** What a batch did to one table of the warehouse, in rows. */
export interface AppliedCounts {
  /** Keys that were not there before. */
  inserted: number;
  /** Rows that differed: updated in place (`latest`) or added as a new version (`history`). */
  changed: number;
  /** Rows whose source row is gone: marked, or added as a deleted version. */
  deleted: number;
  /** Rows of this batch that were the same as in the warehouse. */
  unchanged: number;
  /** Rows that are in quarantine after this batch. */
  quarantined: number;
}

export interface LedgerEntry {
  readonly batch: number;
  readonly manifestSha256: string;
}

const TABLES_SQL = `
  create table weir_migration (
    name text primary key,
    sha256 text not null,
    applied_at timestamptz not null default clock_timestamp()
  );
  create table weir_ledger (
    batch bigint primary key,
    manifest_sha256 text not null,
    captured_at timestamptz not null,
    applied_at timestamptz not null default clock_timestamp(),
    counts jsonb not null,
    milliseconds int
  );
  create table weir_quarantine (
    model text not null,
    source_key jsonb,
    batch bigint not null,
    stage text not null,
    reason text not null,
    source_table text,
    row jsonb not null
  );
  create index on weir_quarantine (model, source_key);
  comment on table weir_migration is 'Migrations of this schema that Weir has applied';
  comment on table weir_ledger is 'Batches that this schema holds: one row per batch, written in the transaction that applied it';
  comment on table weir_quarantine is 'Rows that broke a contract, with the reason: they come back by themselves when the cause is gone';
  comment on column weir_ledger.milliseconds is 'Time that the batch took to load';
  comment on column weir_quarantine.source_key is 'The key of the model as an array of texts; null if it cannot be told';
  comment on column weir_quarantine.batch is 'The batch that brought the row';
  comment on column weir_quarantine.stage is 'transform: row holds the source row as captured; load: row holds the output row, every value as text'`;

export interface WarehouseSchema {
  readonly schema: string;
  readonly migrations: readonly Migration[];
}

/** Makes the session work in the schema, which is created and brought up to its last migration, in one transaction. */
export async function prepareSchema(session: Session, { schema, migrations }: WarehouseSchema): Promise<void> {
  await session.query(`set search_path to ${identifier(schema)}`);
  if ((await isTimed(session)) && (await pendingMigrations(session, migrations)).length === 0) return;

  await session.query('begin');
  await session.query('select pg_advisory_xact_lock($1::bigint)', [lockOf(schema)]);
  const [found] = await session.query('select 1 from pg_namespace where nspname = $1', [schema]);
  if (found === undefined) await session.query(`create schema ${identifier(schema)}`);
  if (!(await isReady(session))) await session.query(TABLES_SQL);
  if (!(await isTimed(session))) await session.query('alter table weir_ledger add column milliseconds int');
  for (const { name, sql } of await pendingMigrations(session, migrations)) {
    await session.query(sql).catch((error) => {
      if (error instanceof RetryableError) throw error;
      throw new TerminalError(`migration ${name} failed, ${schema} is as before: ${messageOf(error)}`, {
        cause: error,
      });
    });
    await session.query('insert into weir_migration (name, sha256) values ($1, $2)', [name, sha256Of(sql)]);
  }
  await session.query('commit');
}

/** Asks the table and not `to_regclass`, which may remember that there was none before another loader made it. */
async function isReady(session: Session): Promise<boolean> {
  const [ledger] = await session.query(
    `select 1 from pg_tables where schemaname = current_schema() and tablename = 'weir_ledger'`,
  );
  return ledger !== undefined;
}

/** A ledger that an earlier Weir made has no such column. */
async function isTimed(session: Session): Promise<boolean> {
  const [column] = await session.query(
    `select 1 from pg_attribute a join pg_class c on c.oid = a.attrelid
     where c.relnamespace = quote_ident(current_schema())::regnamespace and c.relname = 'weir_ledger' and a.attname = 'milliseconds'`,
  );
  return column !== undefined;
}

async function pendingMigrations(session: Session, migrations: readonly Migration[]): Promise<readonly Migration[]> {
  const rows = await session.query<{ name: string; sha256: string }>('select name, sha256 from weir_migration');
  const applied = new Map(rows.map(({ name, sha256 }) => [name, sha256]));
  const changed = migrations.find(({ name, sql }) => applied.has(name) && applied.get(name) !== sha256Of(sql));
  if (changed === undefined) return migrations.filter(({ name }) => !applied.has(name));
  throw new TerminalError(
    `migration ${changed.name} was changed after it was applied; undo the change and write a new migration`,
  );
}

/** The advisory lock that makes a schema's loader the only one. */
export function lockOf(schema: string): string {
  return String(BigInt.asIntN(64, BigInt(`0x${sha256Of(`weir ${schema}`).slice(0, 16)}`)));
}

/** The newest batch in the warehouse; undefined before the first. */
export async function readLedger(session: Session): Promise<LedgerEntry | undefined> {
  const [row] = await session.query<{ batch: string; manifest_sha256: string }>(
    'select batch, manifest_sha256 from weir_ledger order by batch desc limit 1',
  );
  return row && { batch: Number(row.batch), manifestSha256: row.manifest_sha256 };
}
