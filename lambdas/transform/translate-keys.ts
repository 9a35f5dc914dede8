/** Turns a list of the source's keys into a list of a model's keys, so that load can tell which of its rows are gone. */
import { join } from 'node:path';
import type { Model } from '../shared/dataset.ts';
import { type Duckdb, quoteName, quoteText } from '../shared/duckdb.ts';
import type { CapturedTable, KeyRanges } from '../shared/manifest.ts';
import { fetchObject } from '../shared/object-file.ts';
import type { ObjectStore } from '../shared/object-store.ts';
import { lakeText, lakeType, readCapturedCsv } from '../shared/source-types.ts';

export interface TranslateKeysOptions {
  readonly duckdb: Duckdb;
  readonly model: Model;
  readonly table: CapturedTable;
  readonly ingestion: ObjectStore;
  readonly folder: string;
  readonly path: string;
  readonly maxRowBytes: number;
}

/**
 * Writes the model's keys to `path`, each as values and as the array of texts by which the quarantine knows it. A key that the
 * lake cannot hold has the texts alone: its row is in quarantine. @returns undefined if the batch lists no keys of the model's table
 */
export async function translateKeys(
  options: TranslateKeysOptions,
): Promise<{ rows: number; ranges: KeyRanges } | undefined> {
  const { duckdb, model, table, ingestion, folder, path, maxRowBytes } = options;
  if (table.keys === null) return undefined;
  const csv = join(folder, 'listed keys.csv.gz');
  await fetchObject(ingestion, table.keys, csv);
  const columns = table.primaryKey.map((name) => ({
    name,
    type: table.columns.find((column) => column.name === name)?.type ?? 'text',
  }));
  const key = model.key.map((name) => {
    const column = columns.find((column) => column.name === model.origins.get(name)?.column);
    return { name: quoteName(name), text: quoteName(column?.name ?? name), type: lakeType(column?.type ?? 'text') };
  });
  const items = key.map(({ name, text, type }) => `try_cast(${lakeText(text, type)} as ${type}) as ${name}`);
  const texts = `cast(to_json([${key.map(({ text }) => text).join(', ')}]) as varchar) as weir_key`;
  await duckdb.run(
    `copy (select ${items.join(', ')}, ${texts} from ${readCapturedCsv({ path: csv, columns, maxRowBytes, multiline: table.keys.multiline })}) to ${quoteText(path)} (format parquet, compression zstd)`,
  );
  return { rows: table.keys.rows, ranges: table.keys.ranges };
}
