/** A batch of the ingestion log and what it is made of, for tests of what follows from it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDataset } from '../../bin/pipeline.ts';
import type { CatalogueTable } from '../../lambdas/ingest/catalogue.ts';
import type { Dataset } from '../../lambdas/shared/dataset.ts';
import type { CapturedTable, Column, IngestionManifest } from '../../lambdas/shared/manifest.ts';
import { type DatasetText, writeDataset } from './scenario.ts';

/** A data set of these texts, read as every data set is. */
export async function datasetOf(text: DatasetText): Promise<Dataset> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-dataset-'));
  try {
    writeDataset(join(folder, 'shop'), text);
    return await readDataset(join(folder, 'shop'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A table as the catalogue describes it; its columns are integers unless they are given. */
export function tableOf(
  name: string,
  table: { columns?: readonly Column[]; primaryKey?: readonly string[] } = {},
): CatalogueTable {
  const columns = table.columns ?? [{ name: 'id', type: 'integer' }];
  return {
    name,
    sql: `"public"."${name}"`,
    columns,
    primaryKey: table.primaryKey ?? ['id'],
    fingerprint: `shape of ${name}`,
  };
}

export interface PreviousBatchOptions {
  readonly dataset: Dataset;
  readonly tables: readonly CatalogueTable[];
  /** Rows of each table. @default - 100 */
  readonly rows?: number;
}

/** Batch 7, captured from these tables for the models of this data set. */
export function previousBatch({ dataset, tables, rows = 100 }: PreviousBatchOptions): IngestionManifest {
  const captured = tables.map((table): [string, CapturedTable] => [
    table.name,
    {
      rows,
      fingerprint: table.fingerprint,
      columns: [...table.columns],
      primaryKey: [...table.primaryKey],
      sums: null,
      data: null,
      keys: null,
    },
  ]);
  return {
    format: 1,
    dataset: dataset.name,
    number: 7,
    previous: 'a'.repeat(64),
    capturedAt: '2026-11-21T07:03:00.000Z',
    attempt: '3f0c5d0e-8f9a-4c53-9f43-6a4b7a0f2f11',
    cause: 'changes',
    server: {
      systemIdentifier: '7560000000000000000',
      timeline: '1',
      startedAt: '2026-11-20 00:00:00+00',
      inRecovery: false,
      database: 'totesys',
    },
    snapshot: '1000:1010:1000',
    horizon: '1000',
    nextXid: '1010',
    models: Object.fromEntries(dataset.models.map(({ name, definition }) => [name, { definition, columns: [] }])),
    affected: [],
    tables: Object.fromEntries(captured),
  };
}
