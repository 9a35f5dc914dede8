/** Counts all tables in one pass: how many rows there are, and how many were written since the horizon of the batch before. */
import type { Session } from '../shared/session.ts';
import type { CatalogueTable } from './catalogue.ts';

export interface Count {
  readonly rows: number;
  /** Rows whose xmin is at or after the previous horizon. */
  readonly changed: number;
}

/**
 * The predicate of the snapshot-horizon scheme. A row version that this snapshot sees and the previous one did not has an
 * xmin at or after the previous horizon; the few older ones that it also matches are read twice, which changes nothing.
 * `age()` compares modulo 2^32, so it holds across the wrap of the 32-bit xmin. It is most of the cost of a quiet poll: the horizon's
 * stands in a subquery, asked for once and not per row, and the condition that most rows fail comes first.
 */
export function changedSince(horizon: string): string {
  return `age(xmin) <= (select age('${BigInt(horizon) & 0xffff_ffffn}'::xid)) and age(xmin) >= 1`;
}

/** Counts in the snapshot of the session's transaction. */
export async function takeCensus(
  session: Session,
  tables: readonly CatalogueTable[],
  previousHorizon: string,
): Promise<Map<string, Count>> {
  if (tables.length === 0) return new Map();
  const counts = tables.map(
    ({ sql }, index) =>
      `select ${index} as position, count(*) as rows, count(*) filter (where ${changedSince(previousHorizon)}) as changed from ${sql}`,
  );
  const rows = await session.query<{ position: string; rows: string; changed: string }>(counts.join(' union all '));
  return new Map(
    rows.flatMap(({ position, rows, changed }) => {
      const table = tables[Number(position)];
      return table === undefined ? [] : [[table.name, { rows: Number(rows), changed: Number(changed) }] as const];
    }),
  );
}
