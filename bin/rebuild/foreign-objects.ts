/** What hangs on a schema of Weir without being made by it: it would silently stay with the old tables, or go with them. */
import type { Session } from '../../lambdas/shared/session.ts';
import type { Schemas } from './schemas.ts';

/**
 * Finds what is in the running schema, or depends on anything in it, and has no equal in the rebuilt one: views of others,
 * foreign keys of others, and relations, indexes, constraints, triggers, policies or functions that no migration made.
 * @returns what each is, in PostgreSQL's words
 */
export async function findForeign(session: Session, { running, rebuilt }: Schemas): Promise<string[]> {
  const rows = await session.query<{ description: string }>(
    `with recursive ${membersOf('running', '$1')}, ${membersOf('rebuilt', '$2')}
     select description
     from running
     where (type, replace(identity, quote_ident($1) || '.', '')) not in (
       select type, replace(identity, quote_ident($2) || '.', '') from rebuilt
     )
     order by description`,
    [running, rebuilt],
  );
  return rows.map(({ description }) => description);
}

/** Finds what depends on anything in the schema but is not in it itself. */
export async function findOutside(session: Session, schema: string): Promise<string[]> {
  const rows = await session.query<{ description: string }>(
    `with recursive ${membersOf('members', '$1')}
     select description
     from members
     where coalesce(schema <> $1, position(quote_ident($1) || '.' in identity) = 0)
     order by description`,
    [schema],
  );
  return rows.map(({ description }) => description);
}

/**
 * Two common table expressions: everything that depends on the schema, directly or not, and of it what has a name of its own.
 * The view is named and not its rule; the table and not its row type; a not null and a default belong to their column.
 * https://www.postgresql.org/docs/current/catalog-pg-depend.html
 */
function membersOf(name: string, schema: string): string {
  return `
    ${name}_all (classid, objid) as (
      select 'pg_namespace'::regclass::oid, oid from pg_namespace where nspname = ${schema}
      union
      select part.classid, part.objid
      from ${name}_all whole
      join pg_depend d on d.refclassid = whole.classid and d.refobjid = whole.objid
      cross join lateral (
        select d.classid, d.objid
        union all
        select i.refclassid, i.refobjid
        from pg_depend i
        where i.classid = d.classid and i.objid = d.objid and i.deptype = 'i'
      ) part
    ),
    ${name} as (
      select
        object.type,
        object.schema,
        object.identity,
        pg_describe_object(m.classid, m.objid, 0) as description
      from ${name}_all m
      cross join lateral pg_identify_object(m.classid, m.objid, 0) object
      where m.classid not in ('pg_namespace'::regclass, 'pg_default_acl'::regclass)
        and object.schema is distinct from 'pg_toast'
        and not exists (
          select from pg_depend i where i.classid = m.classid and i.objid = m.objid and i.deptype in ('i', 'e')
        )
        and not exists (
          select from pg_constraint c
          where m.classid = 'pg_constraint'::regclass and c.oid = m.objid and c.contype = 'n'
        )
        and not exists (
          select from pg_attrdef a
          join pg_class r on r.oid = a.adrelid
          join pg_namespace n on n.oid = r.relnamespace
          where m.classid = 'pg_attrdef'::regclass and a.oid = m.objid and n.nspname = ${schema}
        )
    )`;
}
