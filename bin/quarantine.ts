/** What waits in the quarantine of a warehouse, and why. Reads only; before the first load there is nothing. */
import type { Dataset } from '../lambdas/shared/dataset.ts';
import { identifier } from '../lambdas/shared/postgres.ts';
import type { Session } from '../lambdas/shared/session.ts';
import { exists } from './warehouse-sql.ts';

export interface QuarantineFilter {
  readonly model?: string | undefined;
  /** The batch that brought the rows. */
  readonly batch?: number | undefined;
}

export interface QuarantinePage extends QuarantineFilter {
  readonly limit: number;
  /** @default - 0 */
  readonly offset?: number;
}

export interface QuarantinedRow {
  readonly model: string;
  /** The values of the model's key; null if it cannot be told. */
  readonly key: readonly string[] | null;
  readonly batch: number;
  /** What refused it: `transform` (the row is the source row) or `load` (the row is the output row). */
  readonly stage: string;
  readonly reason: string;
  /** The table of the source that the row is of; null for an output row. */
  readonly sourceTable: string | null;
  readonly row: Readonly<Record<string, string | null>>;
}

export interface QuarantinedRows {
  /** All rows that match, whatever the page. */
  readonly total: number;
  readonly rows: readonly QuarantinedRow[];
}

/** Rows that wait for the same thing. */
export interface QuarantineGroup {
  readonly model: string;
  readonly stage: string;
  /** PostgreSQL's or DuckDB's words; what is different in each row is left out as `…`. */
  readonly reason: string;
  readonly rows: number;
  readonly firstBatch: number;
  readonly lastBatch: number;
}

/** Reads a page of rows, by model and newest batch first, and how many there are in all, both of one moment. */
export async function readQuarantineRows(
  session: Session,
  dataset: Dataset,
  { limit, offset = 0, ...filter }: QuarantinePage,
): Promise<QuarantinedRows> {
  const table = await findQuarantine(session, dataset);
  if (table === undefined) return { total: 0, rows: [] };
  type Texts = Record<'total' | 'model' | 'batch' | 'stage' | 'reason', string> &
    Record<'key' | 'source_table' | 'row', string | null>;
  const rows = await session.query<Texts>(
    `with matching as (select * from ${table} ${MATCHING}),
     page as (
       select
         model,
         source_key as key,
         batch,
         stage,
         reason,
         source_table,
         (select jsonb_object_agg(name, value) from jsonb_each_text(row) as field (name, value)) as row
       from matching
       order by model, batch desc, source_key, reason, matching.row
       limit $3 offset $4
     )
     select total, page.*
     from (select count(*) as total from matching) as counted
     left join page on true
     order by model, batch desc, key, reason, row`,
    [filter.model, filter.batch, limit, offset],
  );
  return {
    total: Number(rows[0]?.total),
    rows: rows
      .filter(({ model }) => model !== null)
      .map(({ model, key, batch, stage, reason, source_table, row }) => ({
        model,
        key: key === null ? null : JSON.parse(key),
        batch: Number(batch),
        stage,
        reason,
        sourceTable: source_table,
        row: row === null ? {} : JSON.parse(row),
      })),
  };
}

/** Sums up what waits: the largest groups first. */
export async function readQuarantineGroups(
  session: Session,
  dataset: Dataset,
  filter: QuarantineFilter = {},
): Promise<QuarantineGroup[]> {
  const table = await findQuarantine(session, dataset);
  if (table === undefined) return [];
  const groups = await session.query<Record<'model' | 'stage' | 'reason' | 'rows' | 'first' | 'last', string>>(
    `select
       model,
       stage,
       case when count(distinct reason) = 1 then min(reason) else pattern end as reason,
       count(*) as rows,
       min(batch) as first,
       max(batch) as last
     from (select *, ${PATTERN} as pattern from ${table} ${MATCHING}) as matching
     group by model, stage, pattern
     order by count(*) desc, model, stage, pattern`,
    [filter.model, filter.batch],
  );
  return groups.map(({ model, stage, reason, rows, first, last }) => ({
    model,
    stage,
    reason,
    rows: Number(rows),
    firstBatch: Number(first),
    lastBatch: Number(last),
  }));
}

const MATCHING = 'where ($1::text is null or model = $1) and ($2::bigint is null or batch = $2)';

/** A reason without the values of its row: what stands in double quotes, after a foreign key's equals sign, and numbers. */
const PATTERN = `regexp_replace(regexp_replace(regexp_replace(reason, '"[^"]*"', '"…"', 'g'), '= \\(.*\\) is not in ', '= (…) is not in '), '\\m\\d+\\M', '…', 'g')`;

async function findQuarantine(session: Session, { warehouse }: Dataset): Promise<string | undefined> {
  const table = `${identifier(warehouse.schema)}.weir_quarantine`;
  return (await exists(session, table)) ? table : undefined;
}
