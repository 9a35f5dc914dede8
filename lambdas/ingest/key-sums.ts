/**
 * Finds where keys vanished without storing them: every range of keys is summed up in the same snapshot, and only ranges
 * whose sum differs from the batch before have to be listed.
 */
import type { KeyRanges } from '../shared/manifest.ts';
import { identifier } from '../shared/postgres.ts';
import type { Session } from '../shared/session.ts';
import type { CatalogueTable } from './catalogue.ts';

/** Range number, rows in it, xor of the 64-bit hashes of their keys; as text, since they exceed 2^53. */
export type KeySum = readonly [range: string, rows: string, xor: string];

/** 4,096 keys a range: a million rows give 244 sums, and a vanished key costs a list of one range. */
const RANGE_BITS = 12;

/**
 * Sums up the keys of a table, ascending. Keys other than one integer have no order to cut into ranges: they make a single one.
 * The server takes every key for a range of its own; asked for an order it would sort all rows, on disk, to find a few hundred.
 */
export async function sumKeys(session: Session, table: CatalogueTable): Promise<KeySum[]> {
  const key = integerKey(table);
  const range = key === undefined ? '0' : `${key}::int8 >> ${RANGE_BITS}`;
  const hash =
    key === undefined ? `hashtextextended(row(${keyColumns(table)})::text, 0)` : `hashint8extended(${key}, 0)`;
  const rows = await session.query<{ range: string; rows: string; xor: string }>(
    `select ${range} as range, count(*) as rows, bit_xor(${hash}) as xor from ${table.sql} group by 1`,
  );
  return rows.sort((a, b) => Number(a.range) - Number(b.range)).map(({ range, rows, xor }) => [range, rows, xor]);
}

/** The ranges in which a key may have vanished between two sums; undefined if there is none. */
export function differingRanges(
  table: CatalogueTable,
  before: readonly KeySum[] | undefined,
  now: readonly KeySum[],
): KeyRanges | undefined {
  if (before === undefined) return 'all';
  const sums = new Map(now.map(([range, rows, xor]) => [range, `${rows} ${xor}`]));
  const differing = before
    .filter(([range, rows, xor]) => sums.get(range) !== `${rows} ${xor}`)
    .map(([range]) => BigInt(range));
  if (differing.length === 0) return undefined;
  return integerKey(table) === undefined ? 'all' : mergeNeighbours(differing);
}

/** COPY of the keys in the given ranges. */
export function listKeysSql(table: CatalogueTable, ranges: KeyRanges): string {
  const key = integerKey(table);
  const inRange =
    ranges === 'all'
      ? 'true'
      : ranges.map(([from, to]) => `${key} between ${BigInt(from)} and ${BigInt(to)}`).join(' or ');
  return `copy (select ${keyColumns(table)} from ${table.sql} where ${inRange}) to stdout (format csv, header true)`;
}

function mergeNeighbours(ranges: readonly bigint[]): [string, string][] {
  const merged: { first: bigint; last: bigint }[] = [];
  for (const range of ranges) {
    const open = merged.at(-1);
    if (open !== undefined && open.last + 1n === range) open.last = range;
    else merged.push({ first: range, last: range });
  }
  const bits = BigInt(RANGE_BITS);
  return merged.map(({ first, last }) => [String(first << bits), String(((last + 1n) << bits) - 1n)]);
}

function integerKey({ primaryKey, columns }: CatalogueTable): string | undefined {
  const [name, ...others] = primaryKey;
  if (name === undefined || others.length > 0) return undefined;
  const type = columns.find((column) => column.name === name)?.type ?? '';
  return ['smallint', 'integer', 'bigint'].includes(type) ? identifier(name) : undefined;
}

function keyColumns({ primaryKey }: CatalogueTable): string {
  return primaryKey.map(identifier).join(', ');
}
