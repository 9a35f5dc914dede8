/** What a warehouse holds, read in one snapshot and without changing anything: its newest batch, its rows, its quarantine. */
import { readTarget } from '../lambdas/load/target.ts';
import type { Dataset, Model } from '../lambdas/shared/dataset.ts';
import { identifier } from '../lambdas/shared/postgres.ts';
import type { Session } from '../lambdas/shared/session.ts';
import { exists, isoInstant } from './warehouse-sql.ts';

export interface WarehouseState {
  readonly batch: number;
  /** sha256 of the manifest of that batch. */
  readonly manifestSha256: string;
  /** ISO instants. */
  readonly capturedAt: string;
  readonly appliedAt: string;
  /** Without those whose tables the next load has yet to make. */
  readonly models: Readonly<Record<string, ModelState>>;
  readonly quarantine: readonly QuarantineState[];
}

export interface ModelState {
  readonly apply: Model['apply'];
  /** Rows whose source row is there; of a history those of the newest versions. */
  readonly current: number;
  /** All rows: those marked deleted and all versions too. */
  readonly rows: number;
  readonly quarantined: number;
}

export interface QuarantineState {
  readonly model: string;
  readonly stage: string;
  readonly rows: number;
  readonly newestBatch: number;
  readonly newestReason: string;
}

/** Reads the warehouse of a data set; undefined before its first batch. The session is left in a transaction. */
export async function readWarehouse(session: Session, dataset: Dataset): Promise<WarehouseState | undefined> {
  await session.query(`set search_path to ${identifier(dataset.warehouse.schema)}`);
  await session.query('begin isolation level repeatable read read only');
  if (!(await exists(session, 'weir_ledger'))) return undefined;

  const [head] = await session.query<Record<'batch' | 'sha256' | 'captured_at' | 'applied_at', string>>(
    `select
       batch,
       manifest_sha256 as sha256,
       ${isoInstant('captured_at')} as captured_at,
       ${isoInstant('applied_at')} as applied_at
     from weir_ledger
     order by batch desc
     limit 1`,
  );
  if (head === undefined) return undefined;
  const quarantine = await readQuarantine(session);
  const models: Record<string, ModelState> = {};
  for (const model of dataset.models) {
    if (!(await exists(session, identifier(model.name)))) continue;
    const waiting = quarantine.filter((entry) => entry.model === model.name).map(({ rows }) => rows);
    const quarantined = waiting.reduce((total, rows) => total + rows, 0);
    models[model.name] = { apply: model.apply, ...(await countRows(session, model)), quarantined };
  }
  return {
    batch: Number(head.batch),
    manifestSha256: head.sha256,
    capturedAt: head.captured_at,
    appliedAt: head.applied_at,
    models,
    quarantine,
  };
}

async function countRows(session: Session, model: Model): Promise<{ current: number; rows: number }> {
  const { table, recordId } = await readTarget(session, model, []);
  const key = model.key.map(identifier).join(', ');
  const newest = recordId === undefined ? 'batch' : identifier(recordId);
  const state =
    model.apply === 'history'
      ? `(select distinct on (${key}) deleted from ${table} order by ${key}, ${newest} desc) as newest`
      : table;
  const [counts] = await session.query<{ current: string; rows: string }>(
    `select (select count(*) from ${state} where not deleted) as current, (select count(*) from ${table}) as rows`,
  );
  return { current: Number(counts?.current), rows: Number(counts?.rows) };
}

async function readQuarantine(session: Session): Promise<QuarantineState[]> {
  const entries = await session.query<Record<'model' | 'stage' | 'rows' | 'batch' | 'reason', string>>(
    `select distinct on (model, stage)
       model,
       stage,
       count(*) over (partition by model, stage) as rows,
       batch,
       reason
     from weir_quarantine
     order by
       model,
       stage,
       batch desc,
       reason`,
  );
  return entries.map(({ model, stage, rows, batch, reason }) => ({
    model,
    stage,
    rows: Number(rows),
    newestBatch: Number(batch),
    newestReason: reason,
  }));
}
