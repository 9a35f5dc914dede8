/** What a reader of the lake would stumble over: gaps, damaged or doubled objects, and Parquet that no manifest names. */
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import type { Dataset } from '../../lambdas/shared/dataset.ts';
import {
  type DataObject,
  type IngestionManifest,
  ingestionManifest,
  type ProcessedManifest,
  processedManifest,
} from '../../lambdas/shared/manifest.ts';
import { openManifestLog } from '../../lambdas/shared/manifest-log.ts';
import type { Lake, ObjectStore } from '../../lambdas/shared/object-store.ts';

export interface LakeAudit {
  readonly ingested: readonly IngestionManifest[];
  readonly processed: readonly ProcessedManifest[];
  /** sha256 of the processed manifests, oldest first. */
  readonly processedSha256: readonly string[];
  /** Empty if all is well. */
  readonly findings: readonly string[];
}

export async function auditLake(lake: Lake, dataset: Dataset): Promise<LakeAudit> {
  const findings: string[] = [];
  const { name } = dataset;
  const ingestedLog = openManifestLog({ store: lake.ingestion, dataset: name, schema: ingestionManifest });
  const processedLog = openManifestLog({ store: lake.processed, dataset: name, schema: processedManifest });
  const ingested = await readAll({ log: ingestedLog, store: lake.ingestion, dataset: name, findings });
  const processed = await readAll({ log: processedLog, store: lake.processed, dataset: name, findings });
  for (const [index, { manifest }] of processed.entries())
    if (manifest.ingestion !== ingested[index]?.sha256) findings.push(`processed ${index + 1} is of another batch`);

  const captured = ingested.flatMap(({ manifest }) =>
    Object.values(manifest.tables).flatMap(({ data, keys }) => [data, keys]),
  );
  const remodelled = processed.flatMap(({ manifest }) =>
    Object.values(manifest.models).flatMap(({ data, keys, quarantine }) => [data, keys, quarantine]),
  );
  await checkObjects(lake.ingestion, captured, findings);
  const named = await checkObjects(lake.processed, remodelled, findings);
  for (const key of await listAll(lake.processed, name)) {
    if (!key.startsWith(`${name}/manifests/`) && !named.has(key)) findings.push(`no manifest names ${key}`);
  }
  return {
    ingested: ingested.map(({ manifest }) => manifest),
    processed: processed.map(({ manifest }) => manifest),
    processedSha256: processed.map(({ sha256 }) => sha256),
    findings,
  };
}

interface ReadAllOptions<Manifest> {
  readonly log: { read(number: number): Promise<{ manifest: Manifest; sha256: string }> };
  readonly store: ObjectStore;
  readonly dataset: string;
  readonly findings: string[];
}

async function readAll<Manifest extends { previous: string | null }>(
  options: ReadAllOptions<Manifest>,
): Promise<{ manifest: Manifest; sha256: string }[]> {
  const { log, store, dataset, findings } = options;
  const keys = await listAll(store, `${dataset}/manifests`);
  const all: { manifest: Manifest; sha256: string }[] = [];
  for (const [index, key] of keys.entries()) {
    const expected = `${String(index + 1).padStart(12, '0')}.json`;
    if (!key.endsWith(`/${expected}`)) findings.push(`${store.url}/${key} is where ${expected} belongs`);
    const read = await log.read(index + 1);
    if (read.manifest.previous !== (all.at(-1)?.sha256 ?? null)) findings.push(`${key} does not follow the one before`);
    all.push(read);
  }
  return all;
}

async function checkObjects(
  store: ObjectStore,
  objects: readonly (DataObject | null)[],
  findings: string[],
): Promise<Set<string>> {
  const named = new Set<string>();
  for (const object of objects) {
    if (object === null) continue;
    if (named.has(object.key)) findings.push(`${object.key} is named twice`);
    named.add(object.key);
    const bytes = await buffer(await store.get(object.key));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (sha256 !== object.sha256 || bytes.length !== object.bytes) findings.push(`${object.key} is damaged`);
  }
  return named;
}

/** The keys of all objects below a folder, ascending. */
async function listAll(store: ObjectStore, folder: string): Promise<string[]> {
  const keys: string[] = [];
  for (const name of await store.list(folder)) {
    if (name.endsWith('/')) keys.push(...(await listAll(store, `${folder}/${name.slice(0, -1)}`)));
    else keys.push(`${folder}/${name}`);
  }
  return keys;
}
