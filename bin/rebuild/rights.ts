/** Owners, grants and default privileges of the running schema, given to the rebuilt one: who could read can still read, and nobody else. */
import type { Session } from '../../lambdas/shared/session.ts';
import type { Schemas } from './schemas.ts';

/** Makes the rights in the rebuilt schema those of the running one. What only the rebuilt one has gets what new objects of the running one get. */
export async function copyRights(session: Session, schemas: Schemas): Promise<void> {
  for (const statements of [OWNERS, REVOKES_AND_GRANTS, DEFAULT_PRIVILEGES]) {
    const rows = await session.query<{ statement: string }>(statements, [schemas.running, schemas.rebuilt]);
    for (const { statement } of rows) await session.query(statement);
  }
}

/** Pairs of namesakes; `old` is null where the running schema has none. */
const RELATIONS = `
  schemas as (
    select o as old, n as new from pg_namespace o, pg_namespace n where o.nspname = $1 and n.nspname = $2
  ),
  relations as (
    select
      o as old,
      n as new,
      case n.relkind when 'S' then 's' else 'r' end::"char" as kind,
      format('%s %s', case n.relkind when 'S' then 'sequence' else 'table' end, n.oid::regclass) as target
    from schemas
    join pg_class n on n.relnamespace = (schemas.new).oid and n.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    left join pg_class o on o.relnamespace = (schemas.old).oid and o.relname = n.relname and o.relkind = n.relkind
  ),
  routines as (
    select o as old, n as new, format('routine %s', n.oid::regprocedure) as target
    from schemas
    join pg_proc n on n.pronamespace = (schemas.new).oid
    left join pg_proc o
      on o.pronamespace = (schemas.old).oid and o.proname = n.proname
      and replace(pg_get_function_identity_arguments(o.oid), quote_ident($1) || '.', '')
        = replace(pg_get_function_identity_arguments(n.oid), quote_ident($2) || '.', '')
  )`;

/**
 * Owner by owner: one must be allowed to create in the schema, which the revokes that follow take away again unless it was so before.
 * The sequence of a column goes with its table. Row level security without a policy hides all rows, and must go on to do so.
 */
const OWNERS = `
  with ${RELATIONS}
  select format('grant create on schema %I to %I', $2::text, pg_get_userbyid(owner)) as statement
  from (
    select (old).relowner as owner from relations where (old).relowner <> (new).relowner
    union
    select (old).proowner from routines where (old).proowner <> (new).proowner
  ) others
  union all
  select format('alter schema %I owner to %I', (new).nspname, pg_get_userbyid((old).nspowner))
  from schemas
  where (old).nspowner <> (new).nspowner
  union all
  select format('alter %s owner to %I', target, pg_get_userbyid((old).relowner))
  from relations
  where (old).relowner <> (new).relowner
    and not exists (
      select from pg_depend d
      where d.classid = 'pg_class'::regclass and d.objid = (new).oid and (new).relkind = 'S' and d.deptype in ('a', 'i')
        and d.refclassid = 'pg_class'::regclass
    )
  union all
  select format('alter %s owner to %I', target, pg_get_userbyid((old).proowner))
  from routines
  where (old).proowner <> (new).proowner
  union all
  select format('alter %s %s row level security', target, case when (old).relrowsecurity then 'enable' else 'disable' end)
  from relations
  where (old).relrowsecurity <> (new).relrowsecurity
  union all
  select format('alter %s %s row level security', target, case when (old).relforcerowsecurity then 'force' else 'no force' end)
  from relations
  where (old).relforcerowsecurity <> (new).relforcerowsecurity
  order by statement desc -- the grant before what needs it`;

const REVOKES_AND_GRANTS = `
  with ${RELATIONS},
  targets as (
    select
      format('schema %I', (new).nspname) as target,
      null::name as column_name,
      coalesce((old).nspacl, acldefault('n', (old).nspowner)) as wanted,
      coalesce((new).nspacl, acldefault('n', (new).nspowner)) as present
    from schemas
    union all
    select
      target,
      null,
      case
        when old is null then present || ${defaultsFor(`case kind when 's' then 'S' else 'r' end`)}
        else coalesce((old).relacl, acldefault(kind, (old).relowner))
      end,
      present
    from relations
    cross join lateral (select coalesce((new).relacl, acldefault(kind, (new).relowner)) as present, (new).relowner as owner) now
    union all
    select target, n.attname, o.attacl, n.attacl
    from relations
    join pg_attribute n on n.attrelid = (new).oid
    join pg_attribute o on o.attrelid = (old).oid and o.attname = n.attname
    where not o.attisdropped and not n.attisdropped and coalesce(o.attacl, n.attacl) is not null
    union all
    select
      target,
      null,
      case
        when old is null then present || ${defaultsFor(`'f'`)}
        else coalesce((old).proacl, acldefault('f', (old).proowner))
      end,
      present
    from routines
    cross join lateral (select coalesce((new).proacl, acldefault('f', (new).proowner)) as present, (new).proowner as owner) now
  ),
  wanted as (
    select target, column_name, grantee, privilege_type, is_grantable from targets, aclexplode(wanted)
  ),
  present as (
    select target, column_name, grantee, privilege_type, is_grantable from targets, aclexplode(present)
  )
  select format('revoke %s%s on %s from %s', privilege_type, '(' || quote_ident(column_name) || ')', target, ${grantee('grantee')})
    as statement
  from (table present except table wanted) surplus
  union all
  select format('grant %s%s on %s to %s%s', privilege_type, '(' || quote_ident(column_name) || ')', target, ${grantee('grantee')},
    case when is_grantable then ' with grant option' end)
  from (table wanted except table present) missing
  order by statement desc -- revokes before grants`;

const DEFAULT_PRIVILEGES = `
  select format(
    'alter default privileges for role %I in schema %I grant %s on %s to %s%s',
    pg_get_userbyid(defaclrole),
    $2::text,
    privilege_type,
    case defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'routines' when 'T' then 'types' end,
    ${grantee('grantee')},
    case when is_grantable then ' with grant option' end
  ) as statement
  from pg_default_acl
  join pg_namespace n on n.oid = defaclnamespace
  cross join lateral aclexplode(defaclacl)
  where n.nspname = $1`;

/** What the running schema's default privileges give on a new object of `owner`. */
function defaultsFor(kind: string): string {
  return `coalesce((
    select defaclacl
    from pg_default_acl, schemas
    where defaclnamespace = (schemas.old).oid and defaclrole = owner and defaclobjtype = ${kind}::"char"
  ), '{}')`;
}

function grantee(oid: string): string {
  return `case ${oid} when 0 then 'public' else quote_ident(pg_get_userbyid(${oid})) end`;
}
