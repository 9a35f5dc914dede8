/** What the next batch makes right by itself: rows of a model that changed in the source since the batch that the warehouse holds. */
import { inRanges } from '../../lambdas/load/quarantine.ts';
import { keyTexts, sameKey } from '../../lambdas/load/row-sql.ts';
import { KEYS, TEXTS } from '../../lambdas/load/temporary-tables.ts';
import type { KeyRanges } from '../../lambdas/shared/manifest.ts';
import { identifier } from '../../lambdas/shared/postgres.ts';
import { columnsOf, createTable, DELTA, type StageModelOptions, stageModel, stageObject } from './stage-model.ts';

/** SQL conditions, true where the next batch makes the row right. */
export interface Excuses {
  /** Of a key as the quarantine spells it: the batch brings its row. */
  brings(key: string): string;
  /** Of an alias of the warehouse's table: the batch says that its source row is gone. */
  isGone(alias: string): string;
}

export const NONE: Excuses = { brings: () => 'false', isGone: () => 'false' };
const ALL: Excuses = { brings: () => 'true', isGone: () => 'true' };

/** Stages what the next batch would bring of the model. @returns the conditions on what was staged */
export async function stageExcuses(options: StageModelOptions): Promise<Excuses> {
  const { model, recomputed } = options;
  if (recomputed.mode === 'whole') return ALL;
  await stageModel(options, DELTA);
  const keys = `select ${keyTexts(model, 'd')} from ${DELTA.rows} d union all select source_key from ${DELTA.unstaged}`;
  const brings = (key: string) => `${key} in (${keys})`;
  if (recomputed.keys === null) return { brings, isGone: NONE.isGone };
  await stageKeys(options, recomputed.keys);
  return { brings, isGone: (alias) => goneOf(options, recomputed.keys?.ranges ?? [], alias) };
}

/** The keys that are still there in the ranges in which one may have vanished. */
async function stageKeys(
  options: StageModelOptions,
  object: NonNullable<StageModelOptions['recomputed']['keys']>,
): Promise<void> {
  const { session, model, target, recomputed } = options;
  const columns = recomputed.columns.filter(({ name }) => model.key.includes(name));
  await createTable(session, KEYS, columnsOf(target, columns));
  const unfit = await stageObject(options, { object, columns, into: KEYS });
  if (unfit > 0) await session.query(`drop table ${TEXTS}`); // no row of the warehouse has such a key
  await session.query(`analyze ${KEYS}`);
}

function goneOf({ model }: StageModelOptions, ranges: KeyRanges, alias: string): string {
  const listed = `not exists (select 1 from ${KEYS} k where ${sameKey(model, alias, 'k')})`;
  const key = `${alias}.${identifier(model.key[0] ?? '')}`;
  return ranges === 'all' ? listed : `${inRanges(key, ranges)} and ${listed}`;
}
