/** The tables of the warehouse as its own catalogue describes them. */
import type { Model } from '../shared/dataset.ts';
import { TerminalError } from '../shared/errors.ts';
import type { Column } from '../shared/manifest.ts';
import { identifier } from '../shared/postgres.ts';
import type { Session } from '../shared/session.ts';

export interface ForeignKey {
  readonly name: string;
  /** As `alter table … add constraint` takes it. */
  readonly definition: string;
  readonly columns: readonly string[];
  readonly references: string;
  readonly referencedColumns: readonly string[];
}

export interface Target {
  readonly table: string;
  /** Surrogate key that the load numbers by itself; undefined if the model's columns hold the primary key. */
  readonly recordId: string | undefined;
  readonly notNull: readonly string[];
  readonly types: ReadonlyMap<string, string>;
  readonly foreignKeys: readonly ForeignKey[];
}

/** Columns that Weir keeps after those of the model. */
const TECHNICAL = ['batch', 'deleted'];

/** Describes the table that a model goes to. @throws {TerminalError} if it is missing or cannot hold the model's columns */
export async function readTarget(session: Session, model: Model, columns: readonly Column[]): Promise<Target> {
  const rows = await session.query<{ name: string; type: string; not_null: string; primary_key: string }>(
    `select
       a.attname as name,
       format_type(a.atttypid, a.atttypmod) as type,
       a.attnotnull as not_null,
       coalesce(a.attnum = any(i.indkey::int2[]), false) as primary_key
     from pg_attribute a
     left join pg_index i on i.indrelid = a.attrelid and i.indisprimary
     where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped
     order by a.attnum`,
    [identifier(model.name)],
  );
  const names = columns.map(({ name }) => name);
  const missing = [...names, ...TECHNICAL].find((name) => !rows.some((row) => row.name === name));
  if (rows.length === 0) throw new TerminalError(`the warehouse has no table ${model.name}; create it in a migration`);
  if (missing !== undefined) {
    throw new TerminalError(
      `warehouse table ${model.name} has no column ${missing}; add it in a migration, it has: ${rows.map(({ name }) => name).join(', ')}`,
    );
  }
  const nullable = rows.find(({ name, not_null }) => model.key.includes(name) && not_null === 'f');
  if (nullable !== undefined) {
    throw new TerminalError(
      `warehouse table ${model.name} allows no value in ${nullable.name}, a key of the model; declare it "not null" in a migration`,
    );
  }
  return {
    table: identifier(model.name),
    recordId: rows.find(({ name, primary_key }) => primary_key === 't' && !names.includes(name))?.name,
    notNull: rows.filter(({ name, not_null }) => not_null === 't' && names.includes(name)).map(({ name }) => name),
    types: new Map(rows.map(({ name, type }) => [name, type])),
    foreignKeys: await readForeignKeys(session, model.name),
  };
}

async function readForeignKeys(session: Session, table: string): Promise<ForeignKey[]> {
  const rows = await session.query<{
    name: string;
    definition: string;
    references: string;
    columns: string;
    referenced: string;
  }>(
    `select
       c.conname as name,
       pg_get_constraintdef(c.oid) as definition,
       c.confrelid::regclass as references,
       (select json_agg(a.attname order by k.position)
        from unnest(c.conkey) with ordinality k (attnum, position)
        join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.attnum) as columns,
       (select json_agg(a.attname order by k.position)
        from unnest(c.confkey) with ordinality k (attnum, position)
        join pg_attribute a on a.attrelid = c.confrelid and a.attnum = k.attnum) as referenced
     from pg_constraint c
     where c.conrelid = to_regclass($1) and c.contype = 'f'
     order by c.conname`,
    [identifier(table)],
  );
  return rows.map(({ name, definition, references, columns, referenced }) => ({
    name,
    definition,
    references,
    columns: JSON.parse(columns),
    referencedColumns: JSON.parse(referenced),
  }));
}

/** Models in an order in which a table comes after those it refers to; otherwise as in the data set. */
export async function orderByReference(session: Session, models: readonly Model[]): Promise<Model[]> {
  const rows = await session.query<{ table: string; references: string }>(
    `select distinct t.relname as table, r.relname as references
     from pg_constraint c
     join pg_class t on t.oid = c.conrelid
     join pg_class r on r.oid = c.confrelid
     where c.contype = 'f' and t.relnamespace = quote_ident(current_schema())::regnamespace and c.conrelid <> c.confrelid`,
  );
  const ordered = new Set<Model>();
  const visit = (model: Model, path: readonly Model[]) => {
    if (path.includes(model)) return; // tables that refer to each other have no order
    for (const { references } of rows.filter(({ table }) => table === model.name)) {
      const referenced = models.find(({ name }) => name === references);
      if (referenced !== undefined) visit(referenced, [...path, model]);
    }
    ordered.add(model);
  };
  for (const model of models) visit(model, []);
  return [...ordered];
}
