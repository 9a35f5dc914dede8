/** The rows that wait for a constraint, tried again now instead of with the next batch. */
import type { Dataset } from '../shared/dataset.ts';
import { atPlace, RetryableError } from '../shared/errors.ts';
import type { Connect, Session } from '../shared/session.ts';
import { lockOf, prepareSchema, readLedger } from './ledger.ts';
import { loadModel } from './load-model.ts';
import { modelsWaiting } from './quarantine.ts';
import { orderByReference } from './target.ts';

export interface RetryOptions {
  readonly dataset: Dataset;
  readonly connect: Connect;
  /** Only the rows of this model. @default - of all */
  readonly model?: string | undefined;
}

/** In rows. */
export interface RetriedModel {
  readonly model: string;
  /** Back in the table of the model. */
  readonly returned: number;
  /** Still in quarantine, waiting for a constraint. */
  readonly waiting: number;
}

/**
 * Applies what is missing of the migrations, then the waiting rows that break no constraint any more, all models in one transaction.
 * They count as part of the newest batch; the ledger is left alone. @returns the models that had waiting rows
 * @throws {RetryableError} if a loader is at work; nothing was changed then
 */
export async function retryWaiting({ dataset, connect, model }: RetryOptions): Promise<RetriedModel[]> {
  const failAt = (error: unknown) => Promise.reject(atPlace(`load ${dataset.name}`, error));
  const session = await connect().catch(failAt);
  try {
    if (!(await hasLoaded(session, dataset))) return [];
    await prepareSchema(session, dataset.warehouse);
    return await retryModels(session, dataset, model);
  } catch (error) {
    return await failAt(error);
  } finally {
    await session.end();
  }
}

async function hasLoaded(session: Session, { warehouse }: Dataset): Promise<boolean> {
  const [ledger] = await session.query(`select 1 from pg_tables where schemaname = $1 and tablename = 'weir_ledger'`, [
    warehouse.schema,
  ]);
  return ledger !== undefined;
}

async function retryModels(session: Session, dataset: Dataset, only: string | undefined): Promise<RetriedModel[]> {
  await session.query('begin');
  const [lock] = await session.query<{ taken: string }>('select pg_try_advisory_xact_lock($1::bigint) as taken', [
    lockOf(dataset.warehouse.schema),
  ]);
  if (lock?.taken !== 't') throw new RetryableError('a loader is at work; nothing was changed, retry when it is done');
  const batch = (await readLedger(session))?.batch ?? 0;
  const waiting = await modelsWaiting(session);
  const retried: RetriedModel[] = [];
  for (const model of await orderByReference(session, dataset.models)) {
    const columns = waiting.get(model.name);
    if (columns === undefined || (only !== undefined && model.name !== only)) continue;
    const before = await countWaiting(session, model.name);
    await loadModel({ session, model, batch, columns, brought: undefined });
    const after = await countWaiting(session, model.name);
    retried.push({ model: model.name, returned: before - after, waiting: after });
  }
  await session.query('commit');
  return retried;
}

async function countWaiting(session: Session, model: string): Promise<number> {
  const [count] = await session.query<{ rows: string }>(
    `select count(*) as rows from weir_quarantine where model = $1 and stage = 'load'`,
    [model],
  );
  return Number(count?.rows);
}
