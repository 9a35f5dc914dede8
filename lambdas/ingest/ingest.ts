/** The ingest stage: one poll of the source, committed as the next manifest of the ingestion log. */
import { randomUUID } from 'node:crypto';
import type { Dataset } from '../shared/dataset.ts';
import { atPlace } from '../shared/errors.ts';
import type { Log } from '../shared/log.ts';
import { type IngestionManifest, ingestionManifest } from '../shared/manifest.ts';
import { openManifestLog } from '../shared/manifest-log.ts';
import type { ObjectStore } from '../shared/object-store.ts';
import { createCaptureWriter } from './capture-writer.ts';
import type { Source } from './source.ts';

export interface IngestOptions {
  readonly dataset: Dataset;
  readonly source: Source;
  readonly store: ObjectStore;
  readonly log: Log;
  /** @default - the system's clock */
  readonly clock?: () => Date;
  /** @default - false: a batch that deletes too much is refused */
  readonly acceptDeletes?: boolean;
}

/** Without changes a batch is still written after this time, so that transaction ids never outrun the horizon. */
const REFRESH_AFTER_MILLIS = 24 * 60 * 60 * 1000;

/** Polls once. @returns the committed batch; undefined if nothing changed, or if another writer committed this number first. */
export async function ingest(options: IngestOptions): Promise<IngestionManifest | undefined> {
  const { dataset, source, store, log, clock = () => new Date(), acceptDeletes = false } = options;
  const manifests = openManifestLog({ store, dataset: dataset.name, schema: ingestionManifest });
  const head = await manifests.head();
  const startedAt = clock();
  const started = performance.now();
  const attempt = randomUUID();
  const writer = createCaptureWriter({ store, dataset: dataset.name, attempt, startedAt });
  const refresh =
    head !== undefined && startedAt.getTime() - Date.parse(head.manifest.capturedAt) >= REFRESH_AFTER_MILLIS;

  const number = (head?.manifest.number ?? 0) + 1;
  const capture = await source
    .poll({ previous: head?.manifest, writer, acceptDeletes, refresh })
    .catch((error) => Promise.reject(atPlace(`ingest ${dataset.name} batch ${number}`, error)));
  if (capture === undefined) return undefined;
  const manifest: IngestionManifest = {
    format: 1,
    dataset: dataset.name,
    number,
    previous: head?.sha256 ?? null,
    capturedAt: startedAt.toISOString(),
    attempt,
    milliseconds: Math.round(performance.now() - started),
    ...capture,
  };
  if (await manifests.commit(manifest)) return manifest;
  log.warn(
    `ingest ${dataset.name} batch ${manifest.number}: another writer committed it first; this attempt is dropped`,
  );
  return undefined;
}
