/** The comparison itself: every row of a recomputed model against the warehouse's present state, byte by byte, in one statement. */
import { columnList, differs, keyTexts, sameKey } from '../../lambdas/load/row-sql.ts';
import type { Target } from '../../lambdas/load/target.ts';
import type { Model } from '../../lambdas/shared/dataset.ts';
import type { Column } from '../../lambdas/shared/manifest.ts';
import { identifier, literal } from '../../lambdas/shared/postgres.ts';
import type { Session } from '../../lambdas/shared/session.ts';
import type { Excuses } from './excuses.ts';
import { FRESH } from './stage-model.ts';

/**
 * One row for every row that is not equal: `verdict`, `source_key` as the quarantine spells it, a `reason` in words where there is one,
 * and where its two rows are: `staged` in the rows recomputed, `present` in the warehouse's table.
 */
export const VERDICTS = 'pg_temp.weir_verdicts';

export interface JudgeRowsOptions {
  readonly session: Session;
  readonly model: Model;
  readonly target: Target;
  readonly columns: readonly Column[];
  readonly excuses: Excuses;
  /** Rows in quarantine whose key cannot be told: a row of the warehouse that the source does not give may be of one of them. */
  readonly unknownKeys: number;
}

/** Judges every row: `missing`, `extra`, `different`, `quarantined`, `pending`, or `untold`: extra, or of a row in quarantine whose key is not known. */
export async function judgeRows(options: JudgeRowsOptions): Promise<void> {
  const { session, model, excuses, unknownKeys } = options;
  const waiting = `select q.source_key from weir_quarantine q where q.model = ${literal(model.name)}`;
  const changes = model.apply === 'events' ? `kind = 'missing' and ` : ''; // an event that is there stays as it is
  await session.query(
    `create temporary table ${VERDICTS.replace('pg_temp.', '')} on commit drop as
     with compared as (${comparedSql(options)})
     select
       case
         when kind = 'extra' then case when ${unknownKeys > 0} then 'untold' when gone then 'pending' else 'extra' end
         when source_key in (${waiting}) then 'quarantined'
         when ${changes}${excuses.brings('source_key')} then 'pending'
         else kind
       end as verdict,
       source_key,
       reason,
       staged,
       present
     from compared`,
  );
  await addUnstaged(options, waiting);
  await addDoubled(options);
  await session.query(`analyze ${VERDICTS}`);
}

/** A row that broke the model or fits nowhere is not staged, but its key is not extra. Events need no source row. */
function comparedSql({ model, target, columns, excuses }: JudgeRowsOptions): string {
  const side = model.apply === 'events' ? 's.ctid is not null and' : '';
  return `
    select
      case
        when p.weir_at is null then 'missing'
        when s.ctid is not null or u.source_key is not null then 'different'
        else 'extra'
      end as kind,
      case when s.ctid is null then ${keyTexts(model, 'p')} else ${keyTexts(model, 's')} end as source_key,
      u.reason,
      case when s.ctid is null then ${excuses.isGone('p')} end as gone,
      s.ctid as staged,
      p.weir_at as present
    from ${FRESH.rows} s
    full join (${presentSql(model, target)}) p on ${sameKey(model, 's', 'p')}
    left join (select source_key, min(reason) as reason from ${FRESH.unstaged} group by source_key) u
      on s.ctid is null and u.source_key = ${keyTexts(model, 'p')}
    where ${side} (s.ctid is null or p.weir_at is null or ${differs(columns, 's', 'p')})`;
}

/** One row for every key that exists now, with its place `weir_at` in the table. */
function presentSql(model: Model, target: Target): string {
  const key = keyOf(model);
  const newest = `select distinct on (${key}) t.ctid as weir_at, t.* from ${target.table} t`;
  if (model.apply === 'history')
    return `select * from (${newest} order by ${key}, ${age(target)} desc) t where not t.deleted`;
  return `${newest} where not t.deleted order by ${key}, t.batch ${model.apply === 'events' ? '' : 'desc'}`;
}

/** Rows that the load would have put into quarantine, and of whose keys the warehouse has nothing: if it has, that is told already. */
async function addUnstaged(options: JudgeRowsOptions, waiting: string): Promise<void> {
  const { session, model, target, excuses, unknownKeys } = options;
  await session.query(
    `insert into ${VERDICTS} (verdict, source_key, reason)
     select
       case
         when u.source_key in (${waiting}) or (u.source_key is null and u.turn <= ${unknownKeys}) then 'quarantined'
         when ${excuses.brings('u.source_key')} then 'pending'
         else 'missing'
       end,
       u.source_key,
       u.reason
     from (select *, row_number() over (partition by source_key) as turn from ${FRESH.unstaged}) u
     where not exists (select 1 from (${presentSql(model, target)}) p where ${keyTexts(model, 'p')} = u.source_key)`,
  );
}

/** What Weir never writes: a second row of a key, or in a history a version that is the same as the one before it. */
async function addDoubled({ session, model, target, columns }: JudgeRowsOptions): Promise<void> {
  const [doubled, reason] =
    model.apply === 'history'
      ? [
          `${versionOf(columns)} *= lag(${versionOf(columns)}) over (partition by ${keyOf(model)} order by ${age(target)})`,
          'the same version twice',
        ]
      : [`row_number() over (partition by ${keyOf(model)} order by t.batch, t.ctid) > 1`, 'a second row of this key'];
  await session.query(
    `insert into ${VERDICTS} (verdict, source_key, reason, present)
     select 'extra', source_key, ${literal(reason)}, present
     from (select ${keyTexts(model, 't')} as source_key, t.ctid as present, ${doubled} as doubled from ${target.table} t) t
     where doubled`,
  );
}

function versionOf(columns: readonly Column[]): string {
  return `row(${columnList(columns, 't')}, t.deleted)::record`;
}

function keyOf({ key }: Model): string {
  return key.map((name) => `t.${identifier(name)}`).join(', ');
}

/** What tells the newer of two versions. */
function age({ recordId }: Target): string {
  return recordId === undefined ? 't.batch' : `t.${identifier(recordId)}`;
}
