/** Brings the rows of a processed object into a temporary table of the warehouse: Parquet to CSV in DuckDB, CSV in by COPY. */
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { type Duckdb, quoteText } from '../shared/duckdb.ts';
import { messageOf, TerminalError } from '../shared/errors.ts';
import type { Column, DataObject } from '../shared/manifest.ts';
import { fetchObject } from '../shared/object-file.ts';
import type { ObjectStore } from '../shared/object-store.ts';
import { identifier, sqlStateOf } from '../shared/postgres.ts';
import type { Session } from '../shared/session.ts';
import { TEXTS } from './temporary-tables.ts';
import { canJudge, stageFittingTexts } from './unfit-rows.ts';

export interface StageRowsOptions {
  readonly session: Session;
  readonly duckdb: Duckdb;
  readonly store: ObjectStore;
  readonly object: DataObject;
  /** Columns to take, in the order of the temporary table. */
  readonly columns: readonly Column[];
  /** An existing table whose columns have these names. */
  readonly into: string;
  /** The types of these columns; text where it says nothing. */
  readonly types: ReadonlyMap<string, string>;
  /** Where to put the files, without an ending. */
  readonly path: string;
}

/**
 * Stages the rows. @returns how many have a value that does not fit into its column; these are in the table of texts instead
 * @throws {TerminalError} if the object is damaged or holds another number of rows than its manifest says
 */
export async function stageRows(options: StageRowsOptions): Promise<number> {
  const { duckdb, store, object, columns, path } = options;
  const parquet = `${path}.parquet`;
  const csv = `${path}.csv`;
  await fetchObject(store, object, parquet);
  await duckdb.run(
    `copy (select ${columns.map(csvColumn).join(', ')} from read_parquet(${quoteText(parquet)}))
     to ${quoteText(csv)} (format csv, header false, delimiter ',', quote '"', escape '"', nullstr ''${forceQuote(columns)})`,
  );
  const { rows, unfit } = await copyFile(options, csv);
  await Promise.all([rm(parquet), rm(csv)]);
  if (rows !== object.rows)
    throw new TerminalError(
      `${object.key} gave ${rows} rows, its manifest says ${object.rows}; the batch was rolled back`,
    );
  return unfit;
}

/** COPY takes all rows or none: what it does not take goes through a table of texts, in which the rows are judged one by one. */
async function copyFile(options: StageRowsOptions, csv: string): Promise<{ rows: number; unfit: number }> {
  const { session, columns, into } = options;
  const names = columns.map(({ name }) => identifier(name));
  const copy = (table: string) =>
    session.copyIn(
      `copy ${table} (${names.join(', ')}) from stdin (format csv)`,
      createReadStream(csv, { highWaterMark: 1024 * 1024 }),
    );
  await session.query('savepoint weir_copy');
  try {
    const rows = await copy(into);
    await session.query('release savepoint weir_copy');
    return { rows, unfit: 0 };
  } catch (error) {
    if (!isAboutValues(sqlStateOf(error))) throw error;
    await session.query('rollback to savepoint weir_copy');
    if (!(await canJudge(session))) {
      throw new TerminalError(
        `${messageOf(error)}; widen the column in a migration or correct the value in the source, the batch was rolled back ` +
          '(PostgreSQL 16 or newer would put such rows in quarantine and take the others)',
        { cause: error },
      );
    }
    const definitions = names.map((name) => `${name} text`).join(', ');
    await session.query(`create temporary table ${TEXTS.replace('pg_temp.', '')} (${definitions}) on commit drop`);
    const rows = await copy(TEXTS);
    const unfit = await stageFittingTexts(options);
    if (unfit === 0) throw error;
    return { rows, unfit };
  }
}

/** Data exceptions, and what the check of a domain refuses. */
function isAboutValues(sqlState: string): boolean {
  return sqlState.startsWith('22') || sqlState === '23514';
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
