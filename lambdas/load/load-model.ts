/** One model of one batch, inside the batch's transaction: stage, quarantine what breaks a constraint, apply the rest. */
import { join } from 'node:path';
import type { Model } from '../shared/dataset.ts';
import type { Duckdb } from '../shared/duckdb.ts';
import type { Column, ProcessedModel } from '../shared/manifest.ts';
import type { ObjectStore } from '../shared/object-store.ts';
import { identifier, sqlStateOf } from '../shared/postgres.ts';
import type { Session } from '../shared/session.ts';
import { type Applied, applyStage } from './apply.ts';
import { withoutForeignKeys } from './foreign-keys.ts';
import type { AppliedCounts } from './ledger.ts';
import * as quarantine from './quarantine.ts';
import { sameKey } from './row-sql.ts';
import { type StageRowsOptions, stageRows } from './stage-rows.ts';
import { readTarget, type Target } from './target.ts';
import { BAD_ROWS, KEYS, STAGE, TEXTS } from './temporary-tables.ts';

export interface LoadModelOptions {
  readonly session: Session;
  readonly model: Model;
  readonly batch: number;
  readonly columns: readonly Column[];
  /** What the batch brings; undefined if it brings nothing and only waiting rows are tried again. */
  readonly brought: Brought | undefined;
}

/** A model of a processed batch, and what it takes to fetch its objects. */
export interface Brought extends ProcessedModel {
  readonly store: ObjectStore;
  readonly duckdb: Duckdb;
  /** A local folder of this batch. */
  readonly folder: string;
}

export async function loadModel(options: LoadModelOptions): Promise<AppliedCounts> {
  const { session, model, columns, brought } = options;
  const target = await readTarget(session, model, columns);
  await createTable(
    session,
    STAGE,
    `select ${columns.map(({ name }) => identifier(name)).join(', ')} from ${target.table}`,
  );
  const unfit = brought === undefined ? 0 : await takeIn(options, target, brought);
  const waiting = await quarantine.stageWaiting(options, target);
  const staged = (brought?.data.rows ?? 0) + waiting;

  const sortedOut = waiting === 0 ? 0 : await quarantine.moveBroken(options, target);
  const { moved, ...applied } = await applyUnbroken(options, target, await goneCondition(options));
  await session.query(`drop table if exists ${STAGE}, ${TEXTS}, ${KEYS}, ${BAD_ROWS}`);
  return {
    ...applied,
    unchanged: staged - unfit - sortedOut - moved - applied.inserted - applied.changed,
    quarantined: (await quarantine.countQuarantined(options)).rows,
  };
}

/** The types of the target without its constraints, so that every row can be staged and judged by itself. */
async function createTable(session: Session, name: string, select: string): Promise<void> {
  await session.query(
    `create temporary table ${name.replace('pg_temp.', '')} on commit drop as ${select} with no data`,
  );
}

/** @returns how many of the model's rows do not fit into its columns; they are in quarantine */
async function takeIn(options: LoadModelOptions, target: Target, brought: Brought): Promise<number> {
  const { session, model, columns } = options;
  const { mode, data, keys, quarantine: badRows } = brought;
  const { types } = target;
  const stage = (rows: Pick<StageRowsOptions, 'object' | 'columns' | 'into' | 'types'>) =>
    stageRows({ session, ...brought, ...rows, path: join(brought.folder, model.name) });
  const unfit = await stage({ object: data, columns, into: STAGE, types });
  await quarantine.removeSuperseded(options, mode);
  if (unfit > 0) {
    await quarantine.addUnfit(options, target);
    await session.query(`drop table ${TEXTS}`);
  }
  if (keys !== null) {
    const keyColumns = columns.filter(({ name }) => model.key.includes(name));
    await createTable(
      session,
      KEYS,
      `select ${keyColumns.map(({ name }) => identifier(name)).join(', ')}, null::text as weir_key from ${target.table}`,
    );
    const listed = [...keyColumns, { name: 'weir_key', type: 'VARCHAR' }];
    const unfitKeys = await stage({ object: keys, columns: listed, into: KEYS, types });
    if (unfitKeys > 0) {
      await session.query(`insert into ${KEYS} (weir_key) select weir_key from ${TEXTS}; drop table ${TEXTS}`);
    }
    await session.query(`analyze ${KEYS}`);
    await quarantine.removeVanished(options, target, keys.ranges);
  }
  if (badRows !== null) {
    const names = ['source_table', 'source_key', 'reason', 'source_row'];
    await createTable(session, BAD_ROWS, `select ${names.map((name) => `null::text as ${name}`).join(', ')}`);
    await stage({
      object: badRows,
      columns: names.map((name) => ({ name, type: 'VARCHAR' })),
      into: BAD_ROWS,
      types,
    });
    await quarantine.addBadRows(options, target);
  }
  return unfit;
}

/** When a row of the target (alias `t`) has lost its source row; undefined where the batch cannot tell. */
async function goneCondition(options: LoadModelOptions): Promise<string | undefined> {
  const { model, brought } = options;
  if (brought?.mode === 'whole') {
    const { rows, unknown } = await quarantine.countQuarantined(options);
    if (unknown > 0) return undefined; // the source row of any missing key may be one of these
    const staged = `not exists (select 1 from ${STAGE} s where ${sameKey(model, 't', 's')})`;
    return rows === 0 ? staged : `${staged} and ${quarantine.notQuarantined(options, 't')}`;
  }
  if (brought?.keys == null) return undefined;
  const { ranges } = brought.keys;
  const listed = `not exists (select 1 from ${KEYS} k where ${sameKey(model, 't', 'k')})`;
  return ranges === 'all'
    ? listed
    : `${quarantine.inRanges(`t.${identifier(model.key[0] ?? '')}`, ranges)} and ${listed}`;
}

const NOT_NULL_VIOLATION = '23502';
const FOREIGN_KEY_VIOLATION = '23503';

/** The constraints of the database judge: only if one fails are the rows looked at one by one, and the rest applied. */
async function applyUnbroken(
  options: LoadModelOptions,
  target: Target,
  gone: string | undefined,
): Promise<Applied & { moved: number }> {
  const { session } = options;
  const apply = async () => {
    await quarantine.removeReleased(options);
    return withoutForeignKeys(session, target, () => applyStage({ ...options, target, gone }));
  };
  await session.query('savepoint weir_apply');
  try {
    return { ...(await apply()), moved: 0 };
  } catch (error) {
    if (![NOT_NULL_VIOLATION, FOREIGN_KEY_VIOLATION].includes(sqlStateOf(error))) throw error;
    await session.query('rollback to savepoint weir_apply');
    const moved = await quarantine.moveBroken(options, target);
    if (moved === 0) throw error;
    return { ...(await apply()), moved };
  }
}
