/** The three stages wired together in one process, for the command line, the demo, tests and benchmarks. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ingest } from '../lambdas/ingest/ingest.ts';
import { createPostgresSource } from '../lambdas/ingest/postgres-source.ts';
import { type LoadedBatch, load } from '../lambdas/load/load.ts';
import type { Dataset } from '../lambdas/shared/dataset.ts';
import { loadDataset } from '../lambdas/shared/dataset.ts';
import { openDuckdb } from '../lambdas/shared/duckdb.ts';
import type { Log } from '../lambdas/shared/log.ts';
import type { IngestionManifest, ProcessedManifest } from '../lambdas/shared/manifest.ts';
import { withWorkFolder } from '../lambdas/shared/object-file.ts';
import type { Lake } from '../lambdas/shared/object-store.ts';
import type { Connect } from '../lambdas/shared/session.ts';
import { transform } from '../lambdas/transform/transform.ts';

/** Where the data sets are described. */
export const SQL_FOLDER = join(import.meta.dirname, '..', 'sql');

export interface PipelineOptions {
  readonly dataset: Dataset;
  readonly source: Connect;
  readonly warehouse: Connect;
  readonly lake: Lake;
  readonly log: Log;
  /** @default - the system's clock */
  readonly clock?: () => Date;
  /** Let a batch pass that deletes more than the data set allows. @default - false */
  readonly acceptDeletes?: boolean;
}

export interface Pipeline {
  ingest(): Promise<IngestionManifest | undefined>;
  transform(): Promise<ProcessedManifest[]>;
  load(): Promise<LoadedBatch[]>;
}

export function createPipeline(options: PipelineOptions): Pipeline {
  const { dataset, lake, log } = options;
  const openDuckdbIn = (directory: string) => openDuckdb({ directory });
  const source = createPostgresSource({
    dataset,
    connect: options.source,
    store: lake.ingestion,
    openDuckdb: () => openDuckdbIn(tmpdir()),
    log,
  });
  return {
    ingest: () => ingest({ ...options, store: lake.ingestion, source }),
    transform: () => transform({ dataset, lake, openDuckdb: openDuckdbIn, log }),
    load: () => load({ dataset, connect: options.warehouse, store: lake.processed, openDuckdb: openDuckdbIn, log }),
  };
}

/** Runs all stages until the warehouse holds all that the source holds now. */
export async function runPipeline(
  pipeline: Pipeline,
): Promise<{ captured: IngestionManifest | undefined; loaded: LoadedBatch[] }> {
  const captured = await pipeline.ingest();
  await pipeline.transform();
  return { captured, loaded: await pipeline.load() };
}

/** Reads a data set from its folder, with a DuckDB of its own to parse the models. */
export async function readDataset(folder: string): Promise<Dataset> {
  return withWorkFolder(async (directory) => {
    const duckdb = await openDuckdb({ directory });
    try {
      return await loadDataset(folder, duckdb);
    } finally {
      duckdb.close();
    }
  });
}
