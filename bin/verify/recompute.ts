/** Makes every model anew from one snapshot of the source, and beside it what the next batch would bring; the lake is only read. */
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createCaptureWriter } from '../../lambdas/ingest/capture-writer.ts';
import { findTables } from '../../lambdas/ingest/catalogue.ts';
import { createPostgresSource } from '../../lambdas/ingest/postgres-source.ts';
import { openSnapshot } from '../../lambdas/ingest/snapshot.ts';
import type { Capture } from '../../lambdas/ingest/source.ts';
import type { Dataset } from '../../lambdas/shared/dataset.ts';
import { openDuckdb } from '../../lambdas/shared/duckdb.ts';
import { openLake } from '../../lambdas/shared/lake.ts';
import type { Log } from '../../lambdas/shared/log.ts';
import type { IngestionManifest, ProcessedModel } from '../../lambdas/shared/manifest.ts';
import type { Committed } from '../../lambdas/shared/manifest-log.ts';
import type { Lake, ObjectStore } from '../../lambdas/shared/object-store.ts';
import type { Connect, Session } from '../../lambdas/shared/session.ts';
import { transformBatch } from '../../lambdas/transform/transform-batch.ts';
import { rowsMade, sum } from '../pass.ts';
import type { Display } from '../terminal/display.ts';
import { counted } from '../terminal/words.ts';

export interface RecomputeOptions {
  readonly dataset: Dataset;
  readonly source: Connect;
  /** Where the key sums of the batch are. */
  readonly lake: Lake;
  /** The batch that the warehouse holds. */
  readonly batch: Committed<IngestionManifest>;
  /** An empty local folder. */
  readonly folder: string;
  readonly display: Pick<Display, 'during' | 'log'>;
}

export interface Recomputed {
  /** ISO instant of the snapshot. */
  readonly at: string;
  readonly fresh: Transformed;
  /** What changed since the batch; undefined if nothing did. */
  readonly delta: Transformed | undefined;
}

export interface Transformed {
  /** Why the capture reads what it reads: `changes`, or the reason for which more was read. */
  readonly cause: string;
  readonly models: Readonly<Record<string, ProcessedModel>>;
  /** Where the objects of the models are. */
  readonly store: ObjectStore;
}

interface Captured {
  readonly capture: Capture;
  /** A lake of this capture alone. */
  readonly lake: Lake;
}

export async function recompute(options: RecomputeOptions): Promise<Recomputed> {
  const { display } = options;
  const { at, fresh, delta } = await display.during('source', () => captureTwice(options), tellCaptured);
  const transformBoth = async () => ({
    at,
    fresh: await transformCapture(options, fresh, at),
    delta: delta && (await transformCapture(options, delta, at)),
  });
  return display.during('transform', transformBoth, tellTransformed);
}

function tellCaptured({ fresh }: { readonly fresh: Captured }): string {
  return `${counted(sum(Object.values(fresh.capture.tables).map(({ rows }) => rows)), 'row')} read`;
}

function tellTransformed({ fresh }: Recomputed): string {
  return `${counted(rowsMade(fresh), 'row')} made`;
}

/** The changes come first: they are few, and the snapshot that both read from lives only as long as the session that exported it. */
async function captureTwice(
  options: RecomputeOptions,
): Promise<{ at: string; fresh: Captured; delta: Captured | undefined }> {
  const { dataset, source, batch } = options;
  const anchor = await source();
  try {
    const snapshot = await exportSnapshot(anchor, dataset);
    const at = new Date().toISOString();
    const delta = await capture(options, { place: 'delta', snapshot, at, previous: batch.manifest });
    const fresh = await capture(options, { place: 'fresh', snapshot, at, previous: undefined });
    if (fresh === undefined) throw new Error('a first read of the source gave nothing');
    return { at, fresh, delta };
  } finally {
    await anchor.end();
  }
}

async function exportSnapshot(session: Session, { source: { schema }, tables }: Dataset): Promise<string> {
  await openSnapshot(session, { tables: await findTables({ session, schema, names: tables }) });
  await session.query('set local idle_in_transaction_session_timeout = 0'); // it waits while other sessions read
  const [row] = await session.query<{ id: string }>('select pg_export_snapshot() as id');
  return row?.id ?? '';
}

interface CaptureOptions {
  readonly place: string;
  readonly snapshot: string;
  readonly at: string;
  readonly previous: IngestionManifest | undefined;
}

async function capture(
  { dataset, source, lake, folder, display }: RecomputeOptions,
  { place, snapshot, at, previous }: CaptureOptions,
): Promise<Captured | undefined> {
  const scratch = openLake(join(folder, place));
  const writer = createCaptureWriter({
    store: scratch.ingestion,
    dataset: dataset.name,
    attempt: randomUUID(),
    startedAt: new Date(at),
  });
  const { poll } = createPostgresSource({
    dataset,
    connect: source,
    store: lake.ingestion,
    openDuckdb: () => openDuckdb({ directory: folder }),
    log: withoutBatch(display.log),
    snapshot,
  });
  const captured = await poll({ previous, writer, acceptDeletes: true, refresh: false });
  return captured && { capture: captured, lake: scratch };
}

/** These captures are batches of no lake. */
function withoutBatch(log: Log): Log {
  return {
    info: (message, { batch, ...fields } = {}) => log.info(message, fields),
    warn: (message, { batch, ...fields } = {}) => log.warn(message, fields),
  };
}

async function transformCapture(
  { dataset, batch, folder, display }: RecomputeOptions,
  { capture, lake }: Captured,
  at: string,
): Promise<Transformed> {
  const work = join(folder, randomUUID());
  await mkdir(work);
  const manifest: IngestionManifest = {
    format: 1,
    dataset: dataset.name,
    number: batch.manifest.number + 1,
    previous: batch.sha256,
    capturedAt: at,
    attempt: randomUUID(),
    ...capture,
  };
  const models = await transformBatch({
    dataset,
    manifest,
    lake,
    folder: work,
    openDuckdb: () => openDuckdb({ directory: work }),
    log: display.log,
  });
  return { cause: capture.cause, models, store: lake.processed };
}
