/** The batches as the two logs and the ledger tell them. */
import type { AppliedCounts } from '../../lambdas/load/ledger.ts';
import type { Dataset } from '../../lambdas/shared/dataset.ts';
import {
  type IngestionManifest,
  ingestionManifest,
  type ProcessedManifest,
  processedManifest,
} from '../../lambdas/shared/manifest.ts';
import { type Committed, type ManifestLog, openManifestLog } from '../../lambdas/shared/manifest-log.ts';
import type { Lake } from '../../lambdas/shared/object-store.ts';
import { identifier } from '../../lambdas/shared/postgres.ts';
import type { Connect } from '../../lambdas/shared/session.ts';
import { exists, isoInstant } from '../warehouse-sql.ts';

export interface Batch {
  readonly number: number;
  readonly ingestion: Committed<IngestionManifest>;
  /** Undefined until the stage has done its part. */
  readonly processed: Committed<ProcessedManifest> | undefined;
  readonly applied: AppliedBatch | undefined;
}

/** What the warehouse's ledger says of a batch. */
export interface AppliedBatch {
  readonly appliedAt: string;
  /** By model. */
  readonly counts: Readonly<Record<string, AppliedCounts>>;
  /** Null in ledgers of an earlier Weir. */
  readonly milliseconds: number | null;
}

export interface BatchRange {
  readonly batches: readonly Batch[];
  /** The newest batch of the ingestion log; 0 before the first. */
  readonly newest: number;
  /** Why the ledger could not be read, if it could not. */
  readonly failure: unknown;
}

export interface BatchHistory {
  /** The `count` batches up to `last`, newest first. @default last - the newest */
  read(options: { count: number; last?: number | undefined }): Promise<BatchRange>;
  /** Ingestion manifests alone, oldest first: the `count` newest ones. */
  captures(count: number): Promise<readonly IngestionManifest[]>;
}

export interface OpenBatchHistoryOptions {
  readonly dataset: Dataset;
  readonly lake: Lake;
  readonly warehouse: Connect;
}

export function openBatchHistory({ dataset, lake, warehouse }: OpenBatchHistoryOptions): BatchHistory {
  const ingested = rememberManifests(
    openManifestLog({ store: lake.ingestion, dataset: dataset.name, schema: ingestionManifest }),
  );
  const processed = rememberManifests(
    openManifestLog({ store: lake.processed, dataset: dataset.name, schema: processedManifest }),
  );
  return {
    async read({ count, last }) {
      const [newest, transformed] = await Promise.all([ingested.newest(), processed.newest()]);
      const to = Math.min(last ?? newest, newest);
      const numbers = range(Math.max(1, to - count + 1), to).reverse();
      const [manifests, outputs, { applied, failure }] = await Promise.all([
        Promise.all(numbers.map(ingested.read)),
        Promise.all(numbers.map((number) => (number <= transformed ? processed.read(number) : undefined))),
        readLedger({ dataset, warehouse, from: numbers.at(-1) ?? 1, to }),
      ]);
      const batches = manifests.map((ingestion, index) => {
        const { number } = ingestion.manifest;
        return { number, ingestion, processed: outputs[index], applied: applied.get(number) };
      });
      return { batches, newest, failure };
    },

    async captures(count) {
      const newest = await ingested.newest();
      const manifests: IngestionManifest[] = [];
      for (let from = Math.max(1, newest - count + 1); from <= newest; from += AT_ONCE) {
        const some = await Promise.all(range(from, Math.min(newest, from + AT_ONCE - 1)).map(ingested.read));
        manifests.push(...some.map(({ manifest }) => manifest));
      }
      return manifests;
    },
  };
}

/** Manifests kept in memory, of each log. */
const REMEMBERED = 1000;
/** Manifests read at the same time. */
const AT_ONCE = 32;

interface Remembered<Manifest> {
  newest(): Promise<number>;
  read(number: number): Promise<Committed<Manifest>>;
}

/** A manifest never changes: it is read once, as long as it is among those that were asked for last. */
function rememberManifests<Manifest extends { readonly number: number }>(
  log: ManifestLog<Manifest>,
): Remembered<Manifest> {
  const known = new Map<number, Committed<Manifest>>();
  const remember = (committed: Committed<Manifest>) => {
    const { number } = committed.manifest;
    known.delete(number);
    known.set(number, committed);
    const [oldest] = known.keys();
    if (known.size > REMEMBERED && oldest !== undefined) known.delete(oldest);
    return committed;
  };
  return {
    newest: async () => (await log.head())?.manifest.number ?? 0,
    read: async (number) => remember(known.get(number) ?? (await log.read(number))),
  };
}

interface ReadLedgerOptions {
  readonly dataset: Dataset;
  readonly warehouse: Connect;
  readonly from: number;
  readonly to: number;
}

/** A warehouse that cannot be reached hides what was applied, and nothing else. */
async function readLedger(
  options: ReadLedgerOptions,
): Promise<{ applied: ReadonlyMap<number, AppliedBatch>; failure?: unknown }> {
  try {
    return { applied: await readAppliedBatches(options) };
  } catch (failure) {
    return { applied: new Map(), failure };
  }
}

async function readAppliedBatches({ dataset, warehouse, from, to }: ReadLedgerOptions) {
  const session = await warehouse();
  try {
    await session.query(`set search_path to ${identifier(dataset.warehouse.schema)}`);
    if (!(await exists(session, 'weir_ledger'))) return new Map<number, AppliedBatch>();
    const rows = await session.query<Record<'batch' | 'applied_at' | 'counts', string> & { milliseconds?: string }>(
      `select
         batch,
         ${isoInstant('applied_at')} as applied_at,
         counts,
         to_jsonb(weir_ledger) ->> 'milliseconds' as milliseconds
       from weir_ledger
       where batch between $1 and $2`,
      [from, to],
    );
    return new Map(
      rows.map(({ batch, applied_at, counts, milliseconds }): [number, AppliedBatch] => [
        Number(batch),
        {
          appliedAt: applied_at,
          counts: JSON.parse(counts),
          milliseconds: milliseconds == null ? null : Number(milliseconds),
        },
      ]),
    );
  } finally {
    await session.end();
  }
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}
