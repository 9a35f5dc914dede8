/** One batch: captured CSV in, one Parquet object for every affected model out, the same bytes at every attempt. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset, Model } from '../shared/dataset.ts';
import { type Duckdb, quoteName } from '../shared/duckdb.ts';
import { messageOf, TerminalError } from '../shared/errors.ts';
import type { Log } from '../shared/log.ts';
import type { CapturedTable, DataObject, IngestionManifest, ProcessedModel } from '../shared/manifest.ts';
import { outputColumns } from '../shared/model-contract.ts';
import { fetchObject, storeFile } from '../shared/object-file.ts';
import type { Lake } from '../shared/object-store.ts';
import { readCapturedCsv, typedColumn } from '../shared/source-types.ts';
import { profileModel } from './profile.ts';
import { runModel } from './run-model.ts';
import { translateKeys } from './translate-keys.ts';

export interface TransformBatchOptions {
  readonly dataset: Dataset;
  readonly manifest: IngestionManifest;
  readonly lake: Lake;
  /** A local folder of this batch. */
  readonly folder: string;
  readonly openDuckdb: () => Promise<Duckdb>;
  readonly log: Log;
}

export async function transformBatch(options: TransformBatchOptions): Promise<Record<string, ProcessedModel>> {
  const { dataset, manifest, openDuckdb, log } = options;
  const models = dataset.models.filter(({ name }) => manifest.affected.includes(name));
  if (models.length === 0) return {};

  const duckdb = await openDuckdb();
  try {
    await duckdb.run(dataset.seedSql);
    for (const name of new Set(models.flatMap(({ tables }) => tables))) {
      await registerTable({ ...options, duckdb, name, table: capturedTable(options, name) });
    }
    const outputs: Record<string, ProcessedModel> = {};
    for (const model of models) {
      outputs[model.name] = await transformModel({ ...options, duckdb, model }).catch((error) => {
        throw withPlace(error, `transform ${dataset.name}/${model.name} batch ${manifest.number}`);
      });
      const { data, quarantine, profile } = outputs[model.name] ?? {};
      log.info(`made ${model.name}`, { rows: data?.rows, quarantined: quarantine?.rows ?? 0, milliseconds: profile?.milliseconds });
    }
    return outputs;
  } finally {
    duckdb.close();
  }
}

interface RegisterTableOptions extends TransformBatchOptions {
  readonly duckdb: Duckdb;
  readonly name: string;
  readonly table: CapturedTable;
}

/** A view of the captured rows with lake types, named after the table; empty where only keys were captured. */
async function registerTable({ duckdb, lake, folder, name, table }: RegisterTableOptions): Promise<void> {
  const path = join(folder, `${encodeURIComponent(name)}.csv.gz`);
  if (table.data !== null) await fetchObject(lake.ingestion, table.data, path);
  const rows =
    table.data === null
      ? `(select ${table.columns.map(({ name }) => `cast(null as varchar) as ${quoteName(name)}`).join(', ')} where false)`
      : readCapturedCsv({ path, columns: table.columns });
  await duckdb.run(`create view ${quoteName(`captured ${name}`)} as select * from ${rows}`);
  await duckdb.run(`create view ${quoteName(name)} as select ${table.columns.map(typedColumn).join(', ')} from ${quoteName(`captured ${name}`)}`);
}

export interface TransformModelOptions extends TransformBatchOptions {
  readonly duckdb: Duckdb;
  readonly model: Model;
}

async function transformModel(options: TransformModelOptions): Promise<ProcessedModel> {
  const { duckdb, model, manifest, lake, folder } = options;
  const started = performance.now();
  const path = join(folder, `${model.name}.parquet`);
  const quarantined = await runModel({ ...options, tables: manifest.tables, path, quarantinePath: join(folder, `${model.name}.quarantine.parquet`) });
  const { rows, ...profile } = await profileModel(duckdb, model, path);
  const data = { rows, ...(await storeObject(options, `${model.name}/${partition(manifest)}`, path)) };
  const quarantine =
    quarantined === undefined
      ? null
      : { rows: quarantined.rows, ...(await storeObject(options, `quarantine/${model.name}/${partition(manifest)}`, quarantined.path)) };
  const keys = await translateKeys({ ...options, lake });
  const columns = await outputColumns(duckdb, `select * from read_parquet('${path.replaceAll("'", "''")}')`);
  const mode = model.tables.every((table) => capturedTable(options, table).data?.mode === 'whole') ? 'whole' : 'changes';
  await rm(path);
  return { mode, columns, data, keys, quarantine, profile: { ...profile, milliseconds: Math.round(performance.now() - started) } };
}

/** The same name at every attempt, so that a retry replaces what a killed attempt left. */
function partition({ capturedAt, number }: IngestionManifest): string {
  return `batch_date=${capturedAt.slice(0, 10)}/${String(number).padStart(12, '0')}.parquet`;
}

export async function storeObject(
  { dataset, lake }: TransformBatchOptions,
  name: string,
  path: string,
): Promise<Omit<DataObject, 'rows'>> {
  const key = `${dataset.name}/${name}`;
  return { key, ...(await storeFile(lake.processed, key, path)) };
}

function capturedTable({ dataset, manifest }: TransformBatchOptions, name: string): CapturedTable {
  const table = manifest.tables[name];
  if (table !== undefined) return table;
  throw new TerminalError(
    `transform ${dataset.name} batch ${manifest.number}: a model reads table ${name}, which the batch does not hold; ` +
      'the models are newer than the batch: deploy the ones it was captured with, let them catch up, then deploy the new ones',
  );
}

function withPlace(error: unknown, place: string): unknown {
  if (!(error instanceof TerminalError)) return error;
  return new TerminalError(`${place}: ${messageOf(error)}`, { cause: error });
}
