/** The tables of a source as PostgreSQL's own catalogue describes them, and which of them can be read exactly. */
import { TerminalError } from '../shared/errors.ts';
import type { Column } from '../shared/manifest.ts';
import { identifier } from '../shared/postgres.ts';
import type { Session } from '../shared/session.ts';

export interface CatalogueTable {
  readonly name: string;
  /** Schema and name, quoted. */
  readonly sql: string;
  readonly columns: readonly Column[];
  /** Columns of the primary key in its order; empty if the table has none. */
  readonly primaryKey: readonly string[];
  /** Hash of everything that can change a row's values without giving it a new xmin. */
  readonly fingerprint: string;
}

export interface ReadCatalogueOptions {
  readonly session: Session;
  readonly schema: string;
  readonly names: readonly string[];
}

/** The quoted names of `names`, as the catalogue spells them. @throws {TerminalError} naming the tables that are not there or are no tables. */
export async function findTables({ session, schema, names }: ReadCatalogueOptions): Promise<readonly string[]> {
  const rows = await session.query<{ name: string; kind: string; access_method: string | null }>(
    `select c.relname as name, c.relkind as kind, (select amname from pg_am where oid = c.relam) as access_method
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relkind not in ('i', 'I', 'S', 't', 'c') order by 1`,
    [schema],
  );
  const present = rows.map(({ name }) => name);
  const missing = names.filter((name) => !present.includes(name));
  if (missing.length > 0) {
    throw new TerminalError(
      `the source has no table ${missing.join(', ')} in schema ${schema}, which the models read; it has: ${present.join(', ') || 'none'}`,
    );
  }
  for (const row of rows) if (names.includes(row.name)) refuseOtherThanTable(row);
  return names.map((name) => `${identifier(schema)}.${identifier(name)}`);
}

function refuseOtherThanTable({
  name,
  kind,
  access_method,
}: Pick<CatalogueRow, 'name' | 'kind' | 'access_method'>): void {
  const kinds: Readonly<Record<string, string>> = { v: 'a view', m: 'a materialized view', f: 'a foreign table' };
  const other = kinds[kind] ?? (kind === 'r' && access_method !== 'heap' ? `stored by ${access_method}` : undefined);
  if (other === undefined) return;
  throw new TerminalError(
    `source table ${name} is ${other}, whose changes cannot be seen exactly; model the tables below it`,
  );
}

interface CatalogueRow {
  readonly name: string;
  readonly kind: string;
  readonly access_method: string | null;
  readonly row_security: string;
  readonly columns: string;
  readonly primary_key: string;
  readonly fingerprint: string;
}

/**
 * Describes tables that are locked already. The fingerprint covers the file of the table and of its partitions, every
 * column with the default that PostgreSQL fills in for older rows or the expression that generates it, domains, and all
 * enum labels of the database if a column is of a type that somebody made: an array or a composite may hold an enum.
 */
export async function readCatalogue({ session, schema, names }: ReadCatalogueOptions): Promise<CatalogueTable[]> {
  const rows = await session.query<CatalogueRow>(CATALOGUE_SQL, [schema, names]);
  return rows.map((row) => {
    refuseOtherThanTable(row);
    refuseRowSecurity(row);
    return {
      name: row.name,
      sql: `${identifier(schema)}.${identifier(row.name)}`,
      columns: JSON.parse(row.columns),
      primaryKey: JSON.parse(row.primary_key),
      fingerprint: row.fingerprint,
    };
  });
}

function refuseRowSecurity({ name, row_security }: CatalogueRow): void {
  if (row_security !== 't') return;
  throw new TerminalError(
    `source table ${name} hides rows from this role by row security; read it with a role that has BYPASSRLS`,
  );
}

const CATALOGUE_SQL = `
  select
    c.relname as name,
    c.relkind as kind,
    (select amname from pg_am where oid = c.relam) as access_method,
    row_security_active(c.oid) as row_security,
    (
      select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) order by a.attnum)
      from pg_attribute a
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    ) as columns,
    coalesce((
      select json_agg(a.attname order by k.position)
      from pg_index i
      cross join unnest(i.indkey::int2[]) with ordinality k (attnum, position)
      join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
      where i.indrelid = c.oid and i.indisprimary
    ), '[]') as primary_key,
    md5(concat_ws(
      ';',
      c.oid,
      (
        select string_agg(concat(t.relid, ':', pg_relation_filenode(t.relid)), ',' order by t.relid::oid)
        from (select c.oid::regclass as relid union select p.relid from pg_partition_tree(c.oid) p) t
      ),
      (
        select string_agg(
          concat_ws(':', a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attisdropped, a.attgenerated,
            a.atthasmissing, a.attmissingval::text, e.labels, y.typbasetype, y.typtypmod,
            case when a.attgenerated <> '' then pg_get_expr(d.adbin, d.adrelid) end), ',' order by a.attnum
        )
        from pg_attribute a
        left join pg_type y on y.oid = a.atttypid
        left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        left join lateral (
          select md5(string_agg(concat(l.oid, l.enumlabel), '|' order by l.oid)) as labels from pg_enum l
          where a.atttypid >= 16384 -- FirstNormalObjectId: below it are PostgreSQL's own types
        ) e on true
        where a.attrelid = c.oid and a.attnum > 0
      ),
      (select string_agg(i.indkey::text, ',') from pg_index i where i.indrelid = c.oid and i.indisprimary)
    )) as fingerprint
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = $1 and c.relname = any($2::text[]) and c.relkind not in ('i', 'I', 'S', 't', 'c')
  order by c.relname`;
