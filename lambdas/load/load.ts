/** The load stage: every processed manifest that the warehouse does not hold yet, in order, each in one transaction. */
import type { Dataset } from '../shared/dataset.ts';
import type { Duckdb } from '../shared/duckdb.ts';
import { atPlace, TerminalError } from '../shared/errors.ts';
import { type Log, withFields } from '../shared/log.ts';
import { type ProcessedManifest, processedManifest } from '../shared/manifest.ts';
import { type Committed, openManifestLog } from '../shared/manifest-log.ts';
import { withWorkFolder } from '../shared/object-file.ts';
import type { ObjectStore } from '../shared/object-store.ts';
import type { Connect, Session } from '../shared/session.ts';
import { type AppliedCounts, type LedgerEntry, lockOf, prepareSchema, readLedger } from './ledger.ts';
import { loadModel } from './load-model.ts';
import { countAllQuarantined, modelsWaiting } from './quarantine.ts';
import { orderByReference } from './target.ts';

export interface LoadOptions {
  readonly dataset: Dataset;
  readonly connect: Connect;
  /** The processed bucket. */
  readonly store: ObjectStore;
  /** Opens a DuckDB that spills into the given folder. */
  readonly openDuckdb: (folder: string) => Promise<Duckdb>;
  readonly log: Log;
  /** Told of every batch before it is worked on, with the time at which it was captured. */
  readonly onBatch?: (batch: { number: number; capturedAt: string }) => void;
  /** The last batch to apply. @default - the newest */
  readonly upTo?: number;
}

/** What one batch did to the warehouse. */
export interface LoadedBatch {
  readonly number: number;
  /** When the source was as the warehouse is now. */
  readonly capturedAt: string;
  /** Rows in quarantine after this batch, of all models. */
  readonly quarantined: number;
  readonly models: Readonly<Record<string, AppliedCounts>>;
}

/** Catches up with the processed log. @returns the batches applied, oldest first */
export async function load(options: LoadOptions): Promise<LoadedBatch[]> {
  const { dataset, connect, store, upTo = Number.POSITIVE_INFINITY } = options;
  const manifests = openManifestLog({ store, dataset: dataset.name, schema: processedManifest });
  const head = await manifests.head();
  const failAt = (place: string) => (error: unknown) => Promise.reject(atPlace(place, error));
  const place = `load ${dataset.name}`;
  const session = await connect().catch(failAt(place));
  try {
    await prepareSchema(session, dataset.warehouse).catch(failAt(place));
    let applied = await readLedger(session);
    refuseForeignLedger(options, head, applied);
    const loaded: LoadedBatch[] = [];
    const last = Math.min(head?.manifest.number ?? 0, upTo);
    for (let number = (applied?.batch ?? 0) + 1; number <= last; number++) {
      const batch = await manifests.read(number);
      options.onBatch?.(batch.manifest);
      const log = withFields(options.log, { batch: number });
      const result = await withWorkFolder((folder) =>
        loadBatch({ ...options, log, session, batch, folder, applied }),
      ).catch(failAt(`${place} batch ${number}`));
      if (result === undefined) break;
      loaded.push(result);
      applied = { batch: number, manifestSha256: batch.sha256 };
    }
    return loaded;
  } finally {
    await session.end();
  }
}

/** A ledger that is ahead, or that holds another manifest of this number, was written from another lake. */
function refuseForeignLedger(
  { dataset, store }: LoadOptions,
  head: Committed<ProcessedManifest> | undefined,
  applied: LedgerEntry | undefined,
): void {
  const number = head?.manifest.number ?? 0;
  if (applied === undefined || applied.batch < number) return;
  if (applied.batch === number && applied.manifestSha256 === head?.sha256) return;
  throw new TerminalError(
    `load ${dataset.name}: the warehouse is at batch ${applied.batch} of another lake, ${store.url} is at batch ${number}; ` +
      'point --lake to the lake that it was loaded from, or load into an empty schema. Nothing was changed',
  );
}

interface LoadBatchOptions extends LoadOptions {
  readonly session: Session;
  readonly batch: Committed<ProcessedManifest>;
  readonly folder: string;
  readonly applied: LedgerEntry | undefined;
}

/** Applies one batch and writes it into the ledger, or neither. @returns undefined if another loader is at work */
async function loadBatch(options: LoadBatchOptions): Promise<LoadedBatch | undefined> {
  const { dataset, session, store, batch, openDuckdb, folder, log } = options;
  const { number, capturedAt, models } = batch.manifest;
  const place = `load ${dataset.name} batch ${number}`;
  const started = performance.now();
  await session.query('begin');
  const [lock] = await session.query<{ taken: string }>('select pg_try_advisory_xact_lock($1::bigint) as taken', [
    lockOf(dataset.warehouse.schema),
  ]);
  if (lock?.taken !== 't' || (await readLedger(session))?.batch !== options.applied?.batch) {
    await session.query('rollback');
    log.info(`${place}: another loader is at work; it applies this batch`);
    return undefined;
  }
  if (options.applied !== undefined && batch.manifest.previous !== options.applied.manifestSha256) {
    throw new TerminalError(
      `${place}: it does not follow the batch ${options.applied.batch} that the warehouse holds; the lake is another one. Nothing was changed`,
    );
  }

  const waiting = await modelsWaiting(session);
  const counts: Record<string, AppliedCounts> = {};
  const duckdb = await openDuckdb(folder);
  try {
    for (const model of await orderByReference(session, dataset.models)) {
      const processed = models[model.name];
      const columns = processed?.columns ?? waiting.get(model.name);
      if (columns === undefined) continue;
      const modelStarted = performance.now();
      log.info(`applying ${model.name}`);
      const modelCounts = await loadModel({
        session,
        model,
        batch: number,
        columns,
        brought: processed && { ...processed, store, duckdb, folder },
      }).catch((error) => {
        if (!(error instanceof TerminalError)) throw error;
        throw new TerminalError(`load ${dataset.name}/${model.name} batch ${number}: ${error.message}`, {
          cause: error,
        });
      });
      counts[model.name] = modelCounts;
      log.info(`applied ${model.name}`, { ...modelCounts, milliseconds: Math.round(performance.now() - modelStarted) });
    }
  } finally {
    duckdb.close();
  }
  await session.query(
    'insert into weir_ledger (batch, manifest_sha256, captured_at, counts, milliseconds) values ($1, $2, $3, $4, $5)',
    [number, batch.sha256, capturedAt, JSON.stringify(counts), Math.round(performance.now() - started)],
  );
  const quarantined = await countAllQuarantined(session);
  await session.query('commit');
  return { number, capturedAt, quarantined, models: counts };
}
