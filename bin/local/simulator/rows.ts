/** Rows of the source on their way into it: in bulk by COPY, or one by one by INSERT. */
import { Readable } from 'node:stream';
import { identifier } from '../../../lambdas/shared/postgres.ts';
import type { Session } from '../../../lambdas/shared/session.ts';

/** In an order in which foreign keys are satisfied. */
export const TABLES = [
  'address',
  'counterparty',
  'currency',
  'department',
  'design',
  'payment_type',
  'staff',
  'sales_order',
  'purchase_order',
  'transaction',
  'payment',
] as const;

export type Table = (typeof TABLES)[number];

export type Value = string | number | boolean | null;

/** Keys are column names; all rows of a table have the same keys in the same order. */
export type Row = Readonly<Record<string, Value>>;

export interface TableRow {
  readonly table: Table;
  readonly row: Row;
}

export async function insertRow(session: Session, table: Table, row: Row): Promise<void> {
  const places = Object.keys(row).map((_, index) => `$${index + 1}`);
  await session.query(
    `insert into ${identifier(table)} (${columns(row)}) values (${places.join(', ')})`,
    Object.values(row),
  );
}

/** @returns the number of rows copied. */
export async function copyRows(session: Session, table: Table, rows: readonly Row[]): Promise<number> {
  const [first] = rows;
  if (first === undefined) return 0;
  return session.copyIn(`copy ${identifier(table)} (${columns(first)}) from stdin`, Readable.from(textBlocks(rows)));
}

/** Runs `work` as one transaction: all of it, or nothing. */
export async function inTransaction(session: Session, work: () => Promise<void>): Promise<void> {
  await session.query('begin');
  try {
    await work();
    await session.query('commit');
  } catch (error) {
    await session.query('rollback').catch(() => undefined); // the error that matters is the first
    throw error;
  }
}

function columns(row: Row): string {
  return Object.keys(row).map(identifier).join(', ');
}

const BLOCK_CHARACTERS = 64 * 1024;

/** COPY's text format, in blocks: a stream of single lines spends more time on the stream than on the lines. */
function* textBlocks(rows: readonly Row[]): Generator<string> {
  let block = '';
  for (const row of rows) {
    block += `${Object.values(row).map(textField).join('\t')}\n`;
    if (block.length < BLOCK_CHARACTERS) continue;
    yield block;
    block = '';
  }
  yield block;
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function textField(value: Value): string {
  if (value === null) return '\\N';
  if (typeof value !== 'string') return String(value);
  return value.replace(/[\\\t\n\r]/g, (character) => ESCAPES[character] ?? character);
}
