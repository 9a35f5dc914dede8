/** Everything that a warehouse schema holds, as a value that a test can compare as a whole. */
import { identifier, literal } from '../../lambdas/shared/postgres.ts';
import type { Session } from '../../lambdas/shared/session.ts';

type Row = Readonly<Record<string, string | null>>;

/** Rows of every table in a fixed order, all values as text, without the time of their load and what it took; and the constraints of the schema. */
export type Contents = Readonly<Record<string, readonly Row[]>>;

export async function readContents(session: Session, schema: string): Promise<Contents> {
  const tables = await session.query<{ name: string }>(
    'select tablename as name from pg_tables where schemaname = $1 order by 1',
    [schema],
  );
  const selects = tables.map(
    ({ name }) =>
      `select ${literal(name)} as name, (
         select jsonb_object_agg(key, value) from jsonb_each_text(to_jsonb(t) - array['applied_at', 'milliseconds'])
       )::text as row
       from ${identifier(schema)}.${identifier(name)} t`,
  );
  const constraints = `
    select 'constraints' as name,
      jsonb_build_object('of', conrelid::regclass, conname, pg_get_constraintdef(oid))::text as row
    from pg_constraint where connamespace = to_regnamespace(${literal(identifier(schema))}) and contype <> 'n'`;
  const rows = await session.query<{ name: string; row: string }>(
    `${[...selects, constraints].join(' union all ')} order by 1, 2`,
  );
  const contents: Record<string, Row[]> = Object.fromEntries(tables.map(({ name }) => [name, []]));
  for (const { name, row } of rows) {
    contents[name] ??= [];
    contents[name].push(JSON.parse(row));
  }
  return contents;
}
