/** Two schemas of the same warehouse compared, every row of every table. */
import { identifier } from '../../lambdas/shared/postgres.ts';
import type { Session } from '../../lambdas/shared/session.ts';
import type { Schemas } from './schemas.ts';

/** In rows. A row that was changed is one of each. */
export interface TableDifference {
  readonly table: string;
  /** In the rebuilt schema. */
  readonly rows: number;
  readonly onlyRunning: number;
  readonly onlyRebuilt: number;
}

/** What tells when something was done and not what: no two warehouses have it in common. */
const NOT_COMPARED: Readonly<Record<string, readonly string[]>> = {
  weir_ledger: ['applied_at', 'milliseconds'],
  weir_migration: ['applied_at', 'sha256'],
};

/** Compares all tables, by name; where their columns differ, all their rows do. */
export async function compareSchemas(session: Session, { running, rebuilt }: Schemas): Promise<TableDifference[]> {
  const [left, right] = [await readTables(session, running), await readTables(session, rebuilt)];
  const differences: TableDifference[] = [];
  for (const table of [...new Set([...left.keys(), ...right.keys()])].sort()) {
    const [counts] = await session.query<Record<'rows' | 'only_running' | 'only_rebuilt', string>>(
      `with running as (${countLines(running, table, left.get(table))}),
       rebuilt as (${countLines(rebuilt, table, right.get(table))})
       select
         coalesce(sum(rebuilt.rows), 0) as rows,
         coalesce(sum(greatest(coalesce(running.rows, 0) - coalesce(rebuilt.rows, 0), 0)), 0) as only_running,
         coalesce(sum(greatest(coalesce(rebuilt.rows, 0) - coalesce(running.rows, 0), 0)), 0) as only_rebuilt
       from running
       full join rebuilt using (line)`,
    );
    differences.push({
      table,
      rows: Number(counts?.rows),
      onlyRunning: Number(counts?.only_running),
      onlyRebuilt: Number(counts?.only_rebuilt),
    });
  }
  return differences;
}

/** The columns of each table that are compared. */
async function readTables(session: Session, schema: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await session.query<{ table: string; columns: string }>(
    `select c.relname as table, json_agg(a.attname order by a.attname) as columns
     from pg_class c
     join pg_namespace n on n.oid = c.relnamespace
     join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where n.nspname = $1 and c.relkind in ('r', 'p') and not c.relispartition
     group by c.relname`,
    [schema],
  );
  return new Map(
    rows.map(({ table, columns }) => [
      table,
      JSON.parse(columns).filter((column: string) => !NOT_COMPARED[table]?.includes(column)),
    ]),
  );
}

/** Rows as the text of all their values, which is exact for every type, and how often each is there. */
function countLines(schema: string, table: string, columns: readonly string[] | undefined): string {
  if (columns === undefined) return 'select null::text as line, 0 as rows where false';
  const line = `row(${columns.map((column) => `t.${identifier(column)}`).join(', ')})::text`;
  return `select ${line} as line, count(*) as rows from ${identifier(schema)}.${identifier(table)} t group by 1`;
}
