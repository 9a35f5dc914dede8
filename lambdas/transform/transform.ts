/** The transform stage: every ingestion manifest that has no processed manifest yet, in order. */
import type { Dataset } from '../shared/dataset.ts';
import type { Duckdb } from '../shared/duckdb.ts';
import { atPlace, TerminalError } from '../shared/errors.ts';
import { type Log, withFields } from '../shared/log.ts';
import { ingestionManifest, type ProcessedManifest, processedManifest } from '../shared/manifest.ts';
import { openManifestLog } from '../shared/manifest-log.ts';
import { withWorkFolder } from '../shared/object-file.ts';
import type { Lake } from '../shared/object-store.ts';
import { transformBatch } from './transform-batch.ts';

export interface TransformOptions {
  readonly dataset: Dataset;
  readonly lake: Lake;
  /** Opens a DuckDB that spills into the given folder. */
  readonly openDuckdb: (folder: string) => Promise<Duckdb>;
  readonly log: Log;
  /** Told of every batch before it is worked on, with the time at which it was captured. */
  readonly onBatch?: (batch: { number: number; capturedAt: string }) => void;
}

/** Catches up with the ingestion log. @returns the batches committed, oldest first. */
export async function transform({
  dataset,
  lake,
  openDuckdb,
  log,
  onBatch,
}: TransformOptions): Promise<ProcessedManifest[]> {
  const ingested = openManifestLog({ store: lake.ingestion, dataset: dataset.name, schema: ingestionManifest });
  const processed = openManifestLog({ store: lake.processed, dataset: dataset.name, schema: processedManifest });
  const last = (await ingested.head())?.manifest.number ?? 0;
  let head = await processed.head();
  if ((head?.manifest.number ?? 0) > last) {
    throw new TerminalError(
      `transform ${dataset.name}: the processed log is at batch ${head?.manifest.number}, the ingestion log at ${last}; the two buckets do not belong together`,
    );
  }

  const committed: ProcessedManifest[] = [];
  let source = head?.manifest.ingestion ?? null;
  for (let number = (head?.manifest.number ?? 0) + 1; number <= last; number++) {
    const batch = await ingested.read(number);
    if (batch.manifest.previous !== source) {
      throw new TerminalError(
        `transform ${dataset.name} batch ${number}: it does not follow the batch ${number - 1} that the processed bucket was made from; ` +
          'the two buckets do not belong together, restore the right one. Nothing was changed',
      );
    }
    onBatch?.(batch.manifest);
    const models = await withWorkFolder((folder) =>
      transformBatch({
        dataset,
        manifest: batch.manifest,
        lake,
        folder,
        openDuckdb: () => openDuckdb(folder),
        log: withFields(log, { batch: number }),
      }),
    ).catch((error) => Promise.reject(atPlace(`transform ${dataset.name} batch ${number}`, error)));
    const manifest: ProcessedManifest = {
      format: 1,
      dataset: dataset.name,
      number,
      previous: head?.sha256 ?? null,
      capturedAt: batch.manifest.capturedAt,
      ingestion: batch.sha256,
      models,
    };
    if (await processed.commit(manifest)) committed.push(manifest);
    else log.warn(`transform ${dataset.name} batch ${number}: another writer committed it first`);
    head = await processed.read(number);
    source = head.manifest.ingestion;
  }
  return committed;
}
