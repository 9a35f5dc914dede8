/** The warehouse's quarantine: rows that break a constraint go in with the reason, and come back by themselves when it holds. */
import type { Model } from '../shared/dataset.ts';
import type { Column, KeyRanges } from '../shared/manifest.ts';
import { identifier, literal } from '../shared/postgres.ts';
import type { Session } from '../shared/session.ts';
import { columnList, keyTexts } from './row-sql.ts';
import type { Target } from './target.ts';
import { BAD_ROWS, KEYS, STAGE, TEXTS } from './temporary-tables.ts';
import { allFit, canJudge, casts, misfits, spelling, textOf } from './unfit-rows.ts';

export interface QuarantineOptions {
  readonly session: Session;
  readonly model: Model;
  readonly columns: readonly Column[];
  readonly batch: number;
}

/** The models with rows that wait for a constraint to hold, and the columns of these rows: they are tried again with every batch. */
export async function modelsWaiting(session: Session): Promise<ReadonlyMap<string, readonly Column[]>> {
  const rows = await session.query<{ model: string; columns: string }>(
    `select model, json_agg(distinct column_name) as columns
     from weir_quarantine cross join lateral jsonb_object_keys(row) column_name
     where stage = 'load' group by model`,
  );
  return new Map(
    rows.map(({ model, columns }) => [model, JSON.parse(columns).map((name: string) => ({ name, type: 'VARCHAR' }))]),
  );
}

/** Removes the rows of which this batch brings another version: all of them if it brings the whole model. */
export async function removeSuperseded(
  { session, model }: QuarantineOptions,
  mode: 'whole' | 'changes',
): Promise<void> {
  const staged = `q.source_key in (select ${keyTexts(model, 's')} from ${STAGE} s)`;
  await session.execute(`delete from weir_quarantine q where q.model = $1 ${mode === 'whole' ? '' : `and ${staged}`}`, [
    model.name,
  ]);
}

/** Removes the rows whose source row is gone, by the keys that the batch lists. */
export async function removeVanished(options: QuarantineOptions, target: Target, ranges: KeyRanges): Promise<void> {
  const { session, model } = options;
  if ((await countQuarantined(options)).rows === 0) return;
  const listed = ranges === 'all' ? 'true' : inRanges(`(q.source_key ->> 0)::numeric`, ranges);
  await session.execute(
    `delete from weir_quarantine q
     where q.model = $1 and ${listed}
       and q.source_key not in (select ${keyTexts(model, 'k')} from ${KEYS} k)
       and q.source_key not in (select ${await spelledKey(options, target, 'k.weir_key')} from ${KEYS} k)`,
    [model.name],
  );
}

/** Takes in the rows that broke the model itself, found by transform. */
export async function addBadRows(options: QuarantineOptions, target: Target): Promise<void> {
  const { session, model, batch } = options;
  const key = await spelledKey(options, target, 'b.source_key');
  await session.execute(
    `delete from weir_quarantine q using ${BAD_ROWS} b where q.model = $1 and q.source_key = ${key}`,
    [model.name],
  );
  await session.execute(
    `insert into weir_quarantine (model, source_key, batch, stage, reason, source_table, row)
     select $1, ${key}, ${batch}, 'transform', reason, source_table, source_row::jsonb from ${BAD_ROWS} b`,
    [model.name],
  );
}

/** Takes in the rows that do not fit into the warehouse's columns, from the table of texts. */
export async function addUnfit({ session, model, columns, batch }: QuarantineOptions, target: Target): Promise<void> {
  const texts = { columns, types: target.types, text: textOf('x') };
  const key = `to_jsonb(array[${model.key.map((name) => spelling(texts, name)).join(', ')}])`;
  await session.execute(`delete from weir_quarantine q using ${TEXTS} x where q.model = $1 and q.source_key = ${key}`, [
    model.name,
  ]);
  await session.execute(
    `insert into weir_quarantine (model, source_key, batch, stage, reason, row)
     select $1, ${key}, ${batch}, 'load', ${misfits(texts)}, to_jsonb(x) from ${TEXTS} x`,
    [model.name],
  );
}

/** Puts the waiting rows whose values fit back on the stage, beside the batch's own. @returns how many */
export async function stageWaiting({ session, model, columns }: QuarantineOptions, target: Target): Promise<number> {
  const [waiting] = await session.query(`select 1 from weir_quarantine where model = $1 and stage = 'load' limit 1`, [
    model.name,
  ]);
  if (waiting === undefined) return 0;
  const texts = { columns, types: target.types, text: (name: string) => `(q.row ->> ${literal(name)})` };
  const fit = (await canJudge(session)) ? allFit(texts) : 'true';
  return session.execute(
    `insert into ${STAGE} (${columnList(columns)})
     select ${casts(texts)} from weir_quarantine q where q.model = $1 and q.stage = 'load' and ${fit}`,
    [model.name],
  );
}

/** A key that came as a JSON array of captured texts, as `keyTexts` spells it; NULL if it did not come. */
export async function spelledKey(
  { session, model }: Pick<QuarantineOptions, 'session' | 'model'>,
  { types }: Pick<Target, 'types'>,
  expression: string,
): Promise<string> {
  if (!(await canJudge(session))) return `${expression}::jsonb`;
  const texts = model.key.map((name, index) => {
    return spelling({ types, text: () => `(${expression}::jsonb ->> ${index})` }, name);
  });
  return `case when ${expression} is not null then to_jsonb(array[${texts.join(', ')}]) end`;
}

/** Moves staged rows that break a NOT NULL or a foreign key into quarantine, each with its reason. @returns how many */
export async function moveBroken(options: QuarantineOptions, target: Target): Promise<number> {
  let moved = 0;
  for (const name of target.notNull) {
    moved += await moveWhere(
      options,
      `s.${identifier(name)} is null`,
      literal(`no value in ${name}, which may not be empty`),
    );
  }
  for (const { columns, references, referencedColumns } of target.foreignKeys) {
    const values = columns.map((name) => `s.${identifier(name)}`);
    const match = referencedColumns.map((name, index) => `r.${identifier(name)} = ${values[index]}`).join(' and ');
    const missing = `${values.map((value) => `${value} is not null`).join(' and ')} and not exists (select 1 from ${references} r where ${match})`;
    const reason = `format('%s (%s) = (%s) is not in %s', ${literal(columns.join(', '))}, ${literal(referencedColumns.join(', '))}, concat_ws(', ', ${values.join(', ')}), ${literal(references)})`;
    moved += await moveWhere(options, missing, reason);
  }
  return moved;
}

/** A row that is in quarantine already stays there as the batch that brought it, for the reason that holds now. */
async function moveWhere(
  { session, model, columns, batch }: QuarantineOptions,
  condition: string,
  reason: string,
): Promise<number> {
  const texts = columns.map(({ name }) => `s.${identifier(name)}::text as ${identifier(name)}`).join(', ');
  return session.execute(
    `with moved as (
       delete from ${STAGE} s where ${condition}
       returning ${keyTexts(model, 's')} as source_key, ${reason} as reason, (select to_jsonb(x) from (select ${texts}) x) as row
     ),
     kept as (
       insert into weir_quarantine (model, source_key, batch, stage, reason, row)
       select $1, m.source_key, ${batch}, 'load', m.reason, m.row
       from moved m
       where not exists (select 1 from weir_quarantine q where q.model = $1 and q.source_key = m.source_key)
     ),
     explained as (
       update weir_quarantine q set reason = m.reason
       from moved m
       where q.model = $1 and q.source_key = m.source_key and q.stage = 'load' and q.reason <> m.reason
     )
     select from moved`,
    [model.name],
  );
}

/** Removes the waiting rows that made it: those that are on the stage after the check. */
export async function removeReleased({ session, model }: QuarantineOptions): Promise<void> {
  await session.execute(
    `delete from weir_quarantine q where q.model = $1 and q.stage = 'load' and q.source_key in (select ${keyTexts(model, 's')} from ${STAGE} s)`,
    [model.name],
  );
}

/** How many rows of the model are in quarantine, and how many of them have a key that cannot be told. */
export async function countQuarantined({
  session,
  model,
}: QuarantineOptions): Promise<{ rows: number; unknown: number }> {
  const [counts] = await session.query<{ rows: string; unknown: string }>(
    'select count(*) as rows, count(*) filter (where source_key is null) as unknown from weir_quarantine where model = $1',
    [model.name],
  );
  return { rows: Number(counts?.rows), unknown: Number(counts?.unknown) };
}

/** How many rows are in quarantine, of all models. */
export async function countAllQuarantined(session: Session): Promise<number> {
  const [count] = await session.query<{ rows: string }>('select count(*) as rows from weir_quarantine');
  return Number(count?.rows);
}

/** Condition that a row's key is not in quarantine. */
export function notQuarantined({ model }: QuarantineOptions, alias: string): string {
  return `${keyTexts(model, alias)} not in (select q.source_key from weir_quarantine q where q.model = ${literal(model.name)})`;
}

/** SQL condition that an integer expression is in one of the ranges. */
export function inRanges(expression: string, ranges: readonly (readonly [string, string])[]): string {
  return `(${ranges.map(([from, to]) => `${expression} between ${BigInt(from)} and ${BigInt(to)}`).join(' or ')})`;
}
