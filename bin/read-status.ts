/** Where the pipeline stands, stage by stage. What cannot be read is told, and the rest is read all the same. */
import type { Dataset } from '../lambdas/shared/dataset.ts';
import { TerminalError } from '../lambdas/shared/errors.ts';
import { ingestionManifest, processedManifest } from '../lambdas/shared/manifest.ts';
import { openManifestLog } from '../lambdas/shared/manifest-log.ts';
import type { Lake } from '../lambdas/shared/object-store.ts';
import type { Connect } from '../lambdas/shared/session.ts';
import { type ModelState, type QuarantineState, readWarehouse } from './warehouse-state.ts';

export interface Status {
  readonly dataset: string;
  /** When it was read; all instants are ISO. */
  readonly at: string;
  /** The newest batch of each stage; null before the first, and where it could not be read. */
  readonly stages: Readonly<Record<Stage, StageStatus | null>>;
  /** The stages whose state could not be read. */
  readonly unreadable: readonly Stage[];
  /** Rows of each table of the source at the newest captured batch. */
  readonly tables: Readonly<Record<string, number>>;
  readonly models: Readonly<Record<string, ModelState>>;
  readonly quarantine: readonly QuarantineState[];
}

type Stage = 'ingest' | 'transform' | 'load';

export interface StageStatus {
  readonly batch: number;
  readonly capturedAt: string;
  /** How old this state of the source is. */
  readonly ageSeconds: number;
  /** How far the stage is behind the one before it: in batches, and in seconds between the captures. */
  readonly lagBatches: number;
  readonly lagSeconds: number;
}

export interface ReadStatusOptions {
  readonly dataset: Dataset;
  readonly lake: Lake;
  readonly warehouse: Connect;
}

/** Reads the two logs and the warehouse. `failures` are the errors of the parts that could not be read, or do not fit together. */
export async function readStatus(options: ReadStatusOptions): Promise<{ status: Status; failures: unknown[] }> {
  const { dataset, lake } = options;
  const failures: unknown[] = [];
  const unreadable: Stage[] = [];
  const read = async <Result>(stage: Stage, part: Promise<Result>): Promise<Result | undefined> => {
    try {
      return await part;
    } catch (error) {
      unreadable.push(stage);
      failures.push(error);
      return undefined;
    }
  };
  const log = { dataset: dataset.name };
  const [ingested, processed, warehouse] = await Promise.all([
    read('ingest', openManifestLog({ ...log, store: lake.ingestion, schema: ingestionManifest }).head()),
    read('transform', openManifestLog({ ...log, store: lake.processed, schema: processedManifest }).head()),
    read('load', openWarehouse(options)),
  ]);
  if (warehouse !== undefined && failures.length === 0 && isForeign(warehouse, processed)) {
    failures.push(
      new TerminalError(
        `the warehouse is at batch ${warehouse.batch} of another lake, ${lake.processed.url} is at batch ${processed?.manifest.number ?? 0}; ` +
          'point --lake to the lake that it was loaded from',
      ),
    );
  }
  const now = new Date();
  const stage = (head: Head | undefined, before: Head | undefined) => stageStatus({ now, head, before });
  const status: Status = {
    dataset: dataset.name,
    at: now.toISOString(),
    stages: {
      ingest: stage(ingested?.manifest, ingested?.manifest),
      transform: stage(processed?.manifest, ingested?.manifest),
      load: stage(warehouse && { ...warehouse, number: warehouse.batch }, processed?.manifest),
    },
    unreadable,
    tables: Object.fromEntries(Object.entries(ingested?.manifest.tables ?? {}).map(([name, { rows }]) => [name, rows])),
    models: warehouse?.models ?? {},
    quarantine: warehouse?.quarantine ?? [],
  };
  return { status, failures };
}

async function openWarehouse({ dataset, warehouse }: ReadStatusOptions) {
  const session = await warehouse();
  try {
    return await readWarehouse(session, dataset);
  } finally {
    await session.end();
  }
}

/** As the load stage judges before it applies anything. */
function isForeign(
  warehouse: { readonly batch: number; readonly manifestSha256: string },
  processed: { readonly manifest: { readonly number: number }; readonly sha256: string } | undefined,
): boolean {
  const number = processed?.manifest.number ?? 0;
  return warehouse.batch > number || (warehouse.batch === number && warehouse.manifestSha256 !== processed?.sha256);
}

interface Head {
  readonly number: number;
  readonly capturedAt: string;
}

function stageStatus({
  now,
  head,
  before = head,
}: {
  now: Date;
  head: Head | undefined;
  before: Head | undefined;
}): StageStatus | null {
  if (head === undefined || before === undefined) return null;
  const captured = Date.parse(head.capturedAt);
  return {
    batch: head.number,
    capturedAt: head.capturedAt,
    ageSeconds: Math.round((now.getTime() - captured) / 1000),
    lagBatches: before.number - head.number,
    lagSeconds: Math.round((Date.parse(before.capturedAt) - captured) / 1000),
  };
}
