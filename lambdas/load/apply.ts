/** The three ways in which staged rows become warehouse rows. Each leaves alone what is the same already. */
import type { Model } from '../shared/dataset.ts';
import type { Column } from '../shared/manifest.ts';
import { identifier } from '../shared/postgres.ts';
import type { Session } from '../shared/session.ts';
import { columnList, differs, sameKey } from './row-sql.ts';
import type { Target } from './target.ts';
import { STAGE } from './temporary-tables.ts';

export interface ApplyOptions {
  readonly session: Session;
  readonly model: Model;
  readonly target: Target;
  readonly columns: readonly Column[];
  readonly batch: number;
  /** SQL condition on a row of the target (alias `t`) that its source row is gone; undefined if the batch cannot tell. */
  readonly gone: string | undefined;
}

/** In rows; see `AppliedCounts`. */
export interface Applied {
  readonly inserted: number;
  readonly changed: number;
  readonly deleted: number;
}

export async function applyStage(options: ApplyOptions): Promise<Applied> {
  const { session, model, target } = options;
  const [first] = await session.query(`select from ${target.table} limit 1`);
  if (first === undefined) return applyEvents(options); // a first load has nothing to compare with, and nothing that could be gone
  const apply = { latest: applyLatest, history: applyHistory, events: applyEvents }[model.apply];
  return apply(options);
}

/** One row per key. A row whose source is gone stays, marked deleted, because facts refer to it. */
async function applyLatest(options: ApplyOptions): Promise<Applied> {
  const { session, model, target, columns, batch, gone } = options;
  const values = columns.filter(({ name }) => !model.key.includes(name));
  const assignments = values.map(({ name }) => `${identifier(name)} = s.${identifier(name)}, `).join('');
  const changed = await session.execute(
    `update ${target.table} t set ${assignments} batch = ${batch}, deleted = false
     from ${STAGE} s
     where ${sameKey(model, 't', 's')} and (t.deleted or ${differs(values, 't', 's')})`,
  );
  const inserted = await insertNew(options);
  if (gone === undefined) return { inserted, changed, deleted: 0 };
  const deleted = await session.execute(
    `update ${target.table} t set deleted = true, batch = ${batch} where not t.deleted and ${gone}`,
  );
  return { inserted, changed, deleted };
}

/** Every version of a key is a row, and so is its delete; nothing is ever updated or removed. */
async function applyHistory(options: ApplyOptions): Promise<Applied> {
  const { session, model, target, columns, gone } = options;
  const changed = await session.execute(
    `${insertInto(options)}
     select ${recordId(options, 's')} ${columnList(columns, 's')}, ${options.batch}, false
     from ${STAGE} s
     cross join lateral (
       select * from ${target.table} t where ${sameKey(model, 't', 's')} order by ${newest(target)} limit 1
     ) t
     where t.deleted or ${differs(columns, 't', 's')}`,
  );
  const inserted = await insertNew(options);
  if (gone === undefined) return { inserted, changed, deleted: 0 };
  const key = model.key.map((name) => `t.${identifier(name)}`).join(', ');
  const deleted = await session.execute(
    `${insertInto(options)}
     select ${recordId(options, 't')} ${columnList(columns, 't')}, ${options.batch}, true
     from (select distinct on (${key}) * from ${target.table} t where ${gone} order by ${key}, ${newest(target)}) t
     where not t.deleted`,
  );
  return { inserted, changed, deleted };
}

/** Each key is appended once; a source that forgets an event does not unmake it. */
async function applyEvents(options: ApplyOptions): Promise<Applied> {
  return { inserted: await insertNew(options), changed: 0, deleted: 0 };
}

async function insertNew(options: ApplyOptions): Promise<number> {
  const { session, model, target, columns, batch } = options;
  return session.execute(
    `${insertInto(options)}
     select ${recordId(options, 's')} ${columnList(columns, 's')}, ${batch}, false
     from ${STAGE} s
     where not exists (select 1 from ${target.table} t where ${sameKey(model, 't', 's')})`,
  );
}

function insertInto({ target, columns }: ApplyOptions): string {
  const id = target.recordId === undefined ? '' : `${identifier(target.recordId)}, `;
  return `insert into ${target.table} (${id}${columnList(columns)}, batch, deleted)`;
}

/** Numbers records from the highest one on, in the order of their keys: the warehouse is a function of the log, record ids included. */
function recordId({ target, model }: ApplyOptions, alias: string): string {
  if (target.recordId === undefined) return '';
  const key = model.key.map((name) => `${alias}.${identifier(name)}`).join(', ');
  const highest = `(select coalesce(max(${identifier(target.recordId)}), 0) from ${target.table})`;
  return `${highest} + row_number() over (order by ${key}),`;
}

function newest({ recordId }: Target): string {
  return recordId === undefined ? 't.batch desc' : `t.${identifier(recordId)} desc`;
}
