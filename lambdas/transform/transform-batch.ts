/** One batch: captured CSV in, one Parquet object for every affected model out, the same bytes at every attempt. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset, Model } from '../shared/dataset.ts';
import { type Duckdb, LongRowError, quoteName } from '../shared/duckdb.ts';
import { atPlace, TerminalError } from '../shared/errors.ts';
import type { Log } from '../shared/log.ts';
import type { CapturedTable, IngestionManifest, ProcessedModel } from '../shared/manifest.ts';
import { fetchObject, storeFile } from '../shared/object-file.ts';
import type { Lake } from '../shared/object-store.ts';
import { readCapturedCsv, typedColumn } from '../shared/source-types.ts';
import { profileModel } from './profile.ts';
import { capturedTable, runModel } from './run-model.ts';
import { translateKeys } from './translate-keys.ts';

export interface TransformBatchOptions {
  readonly dataset: Dataset;
  readonly manifest: IngestionManifest;
  readonly lake: Lake;
  /** An empty local folder. */
  readonly folder: string;
  readonly openDuckdb: () => Promise<Duckdb>;
  readonly log: Log;
}

/** Through buffers of this size a million rows take 250 MB; through the larger ones half as much again. */
const USUAL_ROW_BYTES = 4 * 1024 * 1024;
const LONGEST_ROW_BYTES = 32 * 1024 * 1024;

/** @throws {LongRowError} if a row takes more than 32 MB as CSV */
export async function transformBatch(options: TransformBatchOptions): Promise<Record<string, ProcessedModel>> {
  try {
    return await transformModels({ ...options, maxRowBytes: USUAL_ROW_BYTES });
  } catch (error) {
    if (!(error instanceof LongRowError)) throw error;
    return transformModels({ ...options, maxRowBytes: LONGEST_ROW_BYTES });
  }
}

interface TransformModelsOptions extends TransformBatchOptions {
  readonly maxRowBytes: number;
}

async function transformModels(options: TransformModelsOptions): Promise<Record<string, ProcessedModel>> {
  const { dataset, manifest, openDuckdb, log } = options;
  const models = dataset.models.filter(({ name }) => manifest.affected.includes(name));
  const outputs: Record<string, ProcessedModel> = {};
  if (models.length === 0) return outputs;

  const duckdb = await openDuckdb();
  try {
    for (const seed of new Set(models.flatMap(({ seeds }) => seeds))) await duckdb.run(dataset.seedSql.get(seed) ?? '');
    await duckdb.run('create schema weir_captured; create schema weir_work');
    for (const name of new Set(models.flatMap(({ tables }) => tables))) {
      await registerTable({ ...options, duckdb, name });
      const countedByModel = models.some(({ rowwise, tables }) => rowwise && tables[0] === name);
      if (!countedByModel) await countRows({ ...options, duckdb, name });
    }
    for (const model of models) {
      log.info(`making ${model.name}`);
      const output = await transformModel({ ...options, duckdb, model }).catch((error) => {
        throw atPlace(`transform ${dataset.name}/${model.name} batch ${manifest.number}`, error);
      });
      outputs[model.name] = output;
      const { data, quarantine, profile } = output;
      log.info(`made ${model.name}`, {
        rows: data.rows,
        quarantined: quarantine?.rows ?? 0,
        milliseconds: profile.milliseconds,
      });
    }
    return outputs;
  } finally {
    duckdb.close();
  }
}

/** A view of the captured rows with lake types, named after the table; empty where only keys were captured. */
async function registerTable(options: TransformModelsOptions & { duckdb: Duckdb; name: string }): Promise<void> {
  const { duckdb, lake, folder, name, maxRowBytes } = options;
  const { data, columns } = tableOf(options, name);
  const path = join(folder, `${encodeURIComponent(name)}.csv.gz`);
  if (data !== null) await fetchObject(lake.ingestion, data, path);
  const nothing = `(select ${columns.map(({ name }) => `cast(null as varchar) as ${quoteName(name)}`).join(', ')} where false)`;
  const captured = capturedTable(name);
  await duckdb.run(
    `create view ${captured} as select * from ${data === null ? nothing : readCapturedCsv({ path, columns, maxRowBytes, multiline: data.multiline })}`,
  );
  await duckdb.run(`create view ${quoteName(name)} as select ${columns.map(typedColumn).join(', ')} from ${captured}`);
}

/** DuckDB reads a compressed file that is cut off up to where it ends, without a word. */
async function countRows(options: TransformModelsOptions & { duckdb: Duckdb; name: string }): Promise<void> {
  const [count] = await options.duckdb.rows<{ rows: string }>(
    `select count(*) as rows from ${capturedTable(options.name)}`,
  );
  refuseLostRows(tableOf(options, options.name), Number(count?.rows));
}

function refuseLostRows({ data }: CapturedTable, rows: number): void {
  if (data === null || data.rows === rows) return;
  throw new TerminalError(
    `${data.key} gives ${rows} rows, its manifest says ${data.rows}; restore the object, nothing was changed`,
  );
}

function tableOf({ dataset, manifest }: TransformBatchOptions, name: string): CapturedTable {
  const table = manifest.tables[name];
  if (table !== undefined) return table;
  throw new TerminalError(
    `transform ${dataset.name} batch ${manifest.number}: a model reads table ${name}, which the batch does not hold; ` +
      'the models are newer than the batch: deploy those it was captured with, let them catch up, then deploy the new ones',
  );
}

async function transformModel(
  options: TransformModelsOptions & { duckdb: Duckdb; model: Model },
): Promise<ProcessedModel> {
  const { duckdb, model, manifest, folder } = options;
  const started = performance.now();
  const tables = model.tables.map((name) => tableOf(options, name));
  const path = (ending: string) => join(folder, `${model.name}${ending}.parquet`);

  const badRows = await runModel({
    duckdb,
    model,
    tables: manifest.tables,
    path: path(''),
    quarantinePath: path('.quarantine'),
  });
  const { rows, fields, ...profile } = await profileModel(duckdb, model, path(''));
  if (model.rowwise && tables[0] !== undefined) refuseLostRows(tables[0], rows + badRows);
  const whole = tables.every(({ data }) => data?.mode === 'whole');
  const listed =
    whole || tables[0] === undefined
      ? undefined
      : await translateKeys({
          duckdb,
          model,
          table: tables[0],
          ingestion: options.lake.ingestion,
          folder,
          path: path('.keys'),
          maxRowBytes: options.maxRowBytes,
        });

  const store = async (place: string, file: string) => {
    const key = `${options.dataset.name}/${place}/${partition(manifest)}`;
    const stored = await storeFile(options.lake.processed, key, file);
    await rm(file);
    return { key, ...stored };
  };
  return {
    mode: whole ? 'whole' : 'changes',
    columns: fields,
    data: { rows, ...(await store(model.name, path(''))) },
    keys: listed === undefined ? null : { ...listed, ...(await store(`keys/${model.name}`, path('.keys'))) },
    quarantine:
      badRows === 0 ? null : { rows: badRows, ...(await store(`quarantine/${model.name}`, path('.quarantine'))) },
    profile: { ...profile, milliseconds: Math.round(performance.now() - started) },
  };
}

/** The same name at every attempt, so that a retry replaces what a killed attempt left. */
function partition({ capturedAt, number }: IngestionManifest): string {
  return `batch_date=${capturedAt.slice(0, 10)}/${String(number).padStart(12, '0')}.parquet`;
}
