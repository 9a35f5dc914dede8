/** Whether the source's own account of when a row changed can be trusted: every version of every row that the lake captured can tell. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset } from '../../lambdas/shared/dataset.ts';
import { type Duckdb, LongRowError, openDuckdb, quoteName } from '../../lambdas/shared/duckdb.ts';
import type { Log } from '../../lambdas/shared/log.ts';
import { type CapturedTable, type IngestionManifest, ingestionManifest } from '../../lambdas/shared/manifest.ts';
import { openManifestLog } from '../../lambdas/shared/manifest-log.ts';
import { fetchObject } from '../../lambdas/shared/object-file.ts';
import type { ObjectStore } from '../../lambdas/shared/object-store.ts';
import { readCapturedCsv } from '../../lambdas/shared/source-types.ts';

export interface LastUpdated {
  readonly column: string;
  /** The batches that were read. */
  readonly first: number;
  readonly last: number;
  /** Objects of the ingestion log that were read, each checked against its hash. */
  readonly objects: number;
  readonly tables: readonly TrustedTable[];
}

export interface TrustedTable {
  readonly table: string;
  /** Pairs of versions of a row, one captured after the other. */
  readonly versions: number;
  /** Of these, those in which another column than this one differs. */
  readonly changed: number;
  /** Of these, those in which this one is the same. */
  readonly silent: number;
}

export interface CheckLastUpdatedOptions {
  readonly dataset: Dataset;
  /** The ingestion bucket. */
  readonly store: ObjectStore;
  /** The newest batch to read. */
  readonly newest: IngestionManifest;
  /** How many batches to read at most. */
  readonly batches: number;
  /** An existing local folder. */
  readonly folder: string;
  readonly log: Log;
}

/** Reads the lake alone. @returns undefined if the data set names no such column */
export async function checkLastUpdated(options: CheckLastUpdatedOptions): Promise<LastUpdated | undefined> {
  const { dataset, store, newest, batches, folder, log } = options;
  const column = dataset.source.lastUpdated;
  if (column === undefined) return undefined;
  const manifests = openManifestLog({ store, dataset: dataset.name, schema: ingestionManifest });
  const first = Math.max(1, newest.number - batches + 1);
  const tables = Object.entries(newest.tables).filter(([, table]) => isTold(table, column));
  const duckdb = await openDuckdb({ directory: folder });
  try {
    for (const [index, [, table]] of tables.entries()) await createVersions(duckdb, index, table);
    let objects = 0;
    for (let number = first; number <= newest.number; number++) {
      const { manifest } = await manifests.read(number);
      log.info(`reading captured versions of batch ${number}`);
      for (const [index, [name, now]] of tables.entries()) {
        const captured = manifest.tables[name];
        if (captured?.data == null || !isTold(captured, column)) continue;
        await addVersions({ duckdb, index, store, folder, number, captured, now, column });
        objects += 1;
      }
    }
    const trusted: TrustedTable[] = [];
    for (const [index, [table, now]] of tables.entries())
      trusted.push({ table, ...(await countChanges(duckdb, index, now)) });
    return { column, first, last: newest.number, objects, tables: trusted };
  } finally {
    duckdb.close();
  }
}

/** Versions of a row are told by its key. */
function isTold({ columns, primaryKey }: CapturedTable, column: string): boolean {
  return primaryKey.length > 0 && columns.some(({ name }) => name === column);
}

/** One table for each of the source's, of hashes: a version takes the same room whatever it holds. */
async function createVersions(duckdb: Duckdb, index: number, { primaryKey }: CapturedTable): Promise<void> {
  const key = primaryKey.map((_, position) => `key${position} varchar, `).join('');
  await duckdb.run(`create table versions${index} (${key}batch integer, last_updated varchar, content ubigint)`);
}

interface AddVersionsOptions {
  readonly duckdb: Duckdb;
  readonly index: number;
  readonly store: ObjectStore;
  readonly folder: string;
  readonly number: number;
  readonly captured: CapturedTable;
  /** The table as the newest batch describes it. */
  readonly now: CapturedTable;
  readonly column: string;
}

const ROW_BYTES = [4 * 1024 * 1024, 32 * 1024 * 1024] as const;

async function addVersions({ duckdb, index, store, folder, number, ...table }: AddVersionsOptions): Promise<void> {
  const { captured, now, column } = table;
  const { data, columns } = captured;
  if (data === null) return;
  const path = join(folder, 'versions.csv.gz');
  await fetchObject(store, data, path);
  const item = (name: string) => (columns.some((column) => column.name === name) ? quoteName(name) : 'null');
  const content = now.columns.filter(({ name }) => name !== column).map(({ name }) => item(name)); // null before a column existed
  const items = [...now.primaryKey.map(item), number, quoteName(column), `hash(${content.join(', ')})`];
  const insert = (maxRowBytes: number) =>
    duckdb.run(
      `insert into versions${index} select ${items.join(', ')} from ${readCapturedCsv({ path, columns, multiline: data.multiline, maxRowBytes })}`,
    );
  await insert(ROW_BYTES[0]).catch((error) => {
    if (!(error instanceof LongRowError)) throw error;
    return insert(ROW_BYTES[1]);
  });
  await rm(path);
}

async function countChanges(
  duckdb: Duckdb,
  index: number,
  { primaryKey }: CapturedTable,
): Promise<Omit<TrustedTable, 'table'>> {
  const [counts] = await duckdb.rows<Record<'versions' | 'changed' | 'silent', string>>(
    `with pairs as (
       select
         content <> lag(content) over before as changed,
         last_updated is not distinct from lag(last_updated) over before as silent
       from versions${index}
       window before as (partition by ${primaryKey.map((_, position) => `key${position}`).join(', ')} order by batch)
     )
     select
       count(changed) as versions,
       count(*) filter (where changed) as changed,
       count(*) filter (where changed and silent) as silent
     from pairs`,
  );
  return { versions: Number(counts?.versions), changed: Number(counts?.changed), silent: Number(counts?.silent) };
}
