/** Brings the rows of a processed object into a temporary table of the warehouse: Parquet to CSV in DuckDB, CSV in by COPY. */
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { type Duckdb, quoteText } from '../shared/duckdb.ts';
import { TerminalError } from '../shared/errors.ts';
import type { Column, DataObject } from '../shared/manifest.ts';
import { fetchObject } from '../shared/object-file.ts';
import type { ObjectStore } from '../shared/object-store.ts';
import { identifier } from '../shared/postgres.ts';
import type { Session } from '../shared/session.ts';

export interface StageRowsOptions {
  readonly session: Session;
  readonly duckdb: Duckdb;
  readonly store: ObjectStore;
  readonly object: DataObject;
  /** Columns to take, in the order of the temporary table. */
  readonly columns: readonly Column[];
  /** An existing table whose columns have these names. */
  readonly into: string;
  /** Where to put the files, without an ending. */
  readonly path: string;
}

/** @throws {TerminalError} if the object is damaged or holds another number of rows than its manifest says */
export async function stageRows({
  session,
  duckdb,
  store,
  object,
  columns,
  into,
  path,
}: StageRowsOptions): Promise<void> {
  const parquet = `${path}.parquet`;
  const csv = `${path}.csv`;
  await fetchObject(store, object, parquet);
  await duckdb.run(
    `copy (select ${columns.map(csvColumn).join(', ')} from read_parquet(${quoteText(parquet)}))
     to ${quoteText(csv)} (format csv, header false, delimiter ',', quote '"', escape '"', nullstr ''${forceQuote(columns)})`,
  );
  const rows = await session.copyIn(
    `copy ${into} (${columns.map(({ name }) => identifier(name)).join(', ')}) from stdin (format csv)`,
    createReadStream(csv, { highWaterMark: 1024 * 1024 }),
  );
  await Promise.all([rm(parquet), rm(csv)]);
  if (rows !== object.rows)
    throw new TerminalError(
      `${object.key} gave ${rows} rows, its manifest says ${object.rows}; the batch was rolled back`,
    );
}

/** The form that PostgreSQL reads: years before Christ end in BC, not (BC). */
function csvColumn({ name, type }: Column): string {
  const column = identifier(name);
  return type === 'DATE' || type.startsWith('TIMESTAMP')
    ? `replace(cast(${column} as varchar), ' (BC)', ' BC') as ${column}`
    : column;
}

/** A quoted text is never NULL and never `\.`, which would end the data. */
function forceQuote(columns: readonly Column[]): string {
  const texts = columns.filter(({ type }) => type === 'VARCHAR').map(({ name }) => identifier(name));
  return texts.length === 0 ? '' : `, force_quote (${texts.join(', ')})`;
}
