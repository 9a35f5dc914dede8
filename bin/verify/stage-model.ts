/** Brings the rows of a recomputed model into the warehouse's session, and beside them the keys of those that no table can take. */
import { join } from 'node:path';
import * as quarantine from '../../lambdas/load/quarantine.ts';
import { stageRows } from '../../lambdas/load/stage-rows.ts';
import type { Target } from '../../lambdas/load/target.ts';
import { BAD_ROWS, STAGE, TEXTS } from '../../lambdas/load/temporary-tables.ts';
import { misfits, spelling, textOf } from '../../lambdas/load/unfit-rows.ts';
import type { Model } from '../../lambdas/shared/dataset.ts';
import type { Duckdb } from '../../lambdas/shared/duckdb.ts';
import type { Column, DataObject, ProcessedModel } from '../../lambdas/shared/manifest.ts';
import type { ObjectStore } from '../../lambdas/shared/object-store.ts';
import { identifier } from '../../lambdas/shared/postgres.ts';
import type { Session } from '../../lambdas/shared/session.ts';

/** Temporary tables for the rows of a model, and for the keys of its rows that broke it or fit into no column, with the reason. */
export interface Place {
  readonly rows: string;
  readonly unstaged: string;
}

export const FRESH: Place = { rows: STAGE, unstaged: 'pg_temp.weir_unstaged' };
export const DELTA: Place = { rows: 'pg_temp.weir_delta', unstaged: 'pg_temp.weir_delta_unstaged' };

export interface StageModelOptions {
  readonly session: Session;
  readonly duckdb: Duckdb;
  /** An existing local folder. */
  readonly folder: string;
  readonly model: Model;
  readonly target: Target;
  readonly recomputed: ProcessedModel;
  readonly store: ObjectStore;
}

/** @returns how many rows are in `place.rows` */
export async function stageModel(options: StageModelOptions, place: Place): Promise<number> {
  const { session, recomputed, target } = options;
  const { columns, data } = recomputed;
  await createTable(session, place.rows, columnsOf(target, columns));
  await session.query(`create temporary table ${local(place.unstaged)} (source_key jsonb, reason text) on commit drop`);
  const unfit = await stageObject(options, { object: data, columns, into: place.rows });
  if (unfit > 0) await addUnfit(options, place);
  if (recomputed.quarantine !== null) await addBadRows(options, place, recomputed.quarantine);
  await session.query(`analyze ${place.rows}`);
  return data.rows - unfit;
}

/** Makes an empty temporary table with the columns of a query. */
export async function createTable(session: Session, name: string, select: string): Promise<void> {
  await session.query(`create temporary table ${local(name)} on commit drop as ${select} with no data`);
}

/** A query with the types of the model's columns in the warehouse, without its constraints. */
export function columnsOf({ table }: Target, columns: readonly Column[]): string {
  return `select ${columns.map(({ name }) => identifier(name)).join(', ')} from ${table}`;
}

export interface StageObjectOptions {
  readonly object: DataObject;
  readonly columns: readonly Column[];
  readonly into: string;
}

/** @returns how many rows do not fit; they are in the table of texts */
export function stageObject(options: StageModelOptions, rows: StageObjectOptions): Promise<number> {
  const { session, duckdb, store, folder, model, target } = options;
  return stageRows({ session, duckdb, store, ...rows, types: target.types, path: join(folder, model.name) });
}

async function addUnfit({ session, model, target, recomputed }: StageModelOptions, place: Place): Promise<void> {
  const texts = { columns: recomputed.columns, types: target.types, text: textOf('x') };
  const key = model.key.map((name) => spelling(texts, name)).join(', ');
  await session.query(
    `insert into ${place.unstaged} select to_jsonb(array[${key}]), ${misfits(texts)} from ${TEXTS} x; drop table ${TEXTS}`,
  );
}

async function addBadRows(options: StageModelOptions, place: Place, object: DataObject): Promise<void> {
  const { session } = options;
  const columns = ['source_key', 'reason'].map((name) => ({ name, type: 'VARCHAR' }));
  await createTable(session, BAD_ROWS, 'select null::text as source_key, null::text as reason');
  await stageObject(
    { ...options, target: { ...options.target, types: new Map() } },
    { object, columns, into: BAD_ROWS },
  );
  const key = await quarantine.spelledKey(options, options.target, 'b.source_key');
  await session.query(
    `insert into ${place.unstaged} select ${key}, b.reason from ${BAD_ROWS} b; drop table ${BAD_ROWS}`,
  );
}

function local(name: string): string {
  return name.replace('pg_temp.', '');
}
