/** A small pipeline of its own for a test: source and warehouse on the PostgreSQL of this run, a lake in a temporary folder. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type LocalPostgres, removePostgres, startPostgres } from '../../bin/local/postgres.ts';
import { createPipeline, type Pipeline, readDataset, runPipeline } from '../../bin/pipeline.ts';
import type { Apply } from '../../lambdas/shared/dataset.ts';
import { openLake } from '../../lambdas/shared/lake.ts';
import { connect } from '../../lambdas/shared/postgres.ts';
import type { Connect, Session } from '../../lambdas/shared/session.ts';
import { createTestDatabase } from './database.ts';

export interface ModelText {
  readonly sql: string;
  readonly key: string | readonly string[];
  /** @default - latest */
  readonly apply?: Apply;
}

export interface DatasetText {
  readonly models: Readonly<Record<string, ModelText>>;
  /** SQL that makes the tables of the warehouse. */
  readonly warehouse: string;
  /** Schema of the source. @default - public */
  readonly schema?: string;
  readonly maxDeleteShare?: number;
}

export interface ScenarioOptions extends DatasetText {
  /** SQL that makes and fills the source. */
  readonly source: string;
}

export interface RunOptions {
  /** Another source. @default - the scenario's */
  readonly source?: Connect;
  /** Another warehouse. @default - the scenario's */
  readonly warehouse?: Connect;
  /** @default - false */
  readonly acceptDeletes?: boolean;
}

export interface Scenario {
  /** A superuser's session on the source. */
  readonly source: Session;
  /** A superuser's session on the warehouse, in the schema of the data set. */
  readonly warehouse: Session;
  readonly sourceUrl: string;
  readonly warehouseUrl: string;
  /** Where the data set is described. */
  readonly datasetFolder: string;
  readonly lakeFolder: string;
  /** What the stages warned of so far. */
  readonly warnings: string[];
  /** Writes the description of the data set anew, in place of the one before. */
  describe(dataset: DatasetText): void;
  /** The stages, on the data set as it is described now. */
  pipeline(options?: RunOptions): Promise<Pipeline>;
  /** Runs all stages once. */
  run(options?: RunOptions): ReturnType<typeof runPipeline>;
  close(): Promise<void>;
}

/** A server for the sources of one test file: on a shared one the open transactions of other tests would hold the horizon back. */
let sources: Promise<LocalPostgres> | undefined;
let scenarios = 0;
const sourcesFolder = join(tmpdir(), `weir-sources-${randomUUID()}`);

function startSources(): Promise<LocalPostgres> {
  sources ??= startPostgres({ directory: sourcesFolder, durable: false });
  return sources;
}

afterAll(async () => {
  if (sources === undefined) return;
  await (await sources).stop();
  await removePostgres(sourcesFolder);
});

/** The schema of every scenario's warehouse. */
export const SCHEMA = 'star';

export async function createScenario(options: ScenarioOptions): Promise<Scenario> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-scenario-'));
  const datasetFolder = join(folder, 'shop');
  const lakeFolder = join(folder, 'lake');
  const database = await createTestDatabase('warehouse');
  const sourceUrl = await (await startSources()).createDatabase(`source_${++scenarios}`);
  const warehouseUrl = database.url;
  const source = await connect({ url: sourceUrl, role: 'source' });
  const warehouse = await connect({ url: warehouseUrl, role: 'warehouse' });
  await source.query(options.source);
  await warehouse.query(`set search_path to ${SCHEMA}`);
  writeDataset(datasetFolder, options);
  const warnings: string[] = [];

  const pipeline = async (run: RunOptions = {}) =>
    createPipeline({
      dataset: await readDataset(datasetFolder),
      source: run.source ?? connectTo(sourceUrl, 'source'),
      warehouse: run.warehouse ?? connectTo(warehouseUrl, 'warehouse'),
      lake: openLake(lakeFolder),
      log: { info: () => undefined, warn: (message) => warnings.push(message) },
      acceptDeletes: run.acceptDeletes ?? false,
    });
  return {
    source,
    warehouse,
    sourceUrl,
    warehouseUrl,
    datasetFolder,
    lakeFolder,
    warnings,
    describe: (dataset) => writeDataset(datasetFolder, dataset),
    pipeline,
    run: async (run) => runPipeline(await pipeline(run)),
    async close() {
      await source.end();
      await warehouse.end();
      await database.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Opens sessions on a database. */
export function connectTo(url: string, role = 'source'): Connect {
  return () => connect({ url, role, connectTimeoutMillis: 5_000 });
}

/** Makes a data set folder of the given texts. */
export function writeDataset(
  folder: string,
  { models, warehouse, schema = 'public', maxDeleteShare }: DatasetText,
): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'models'), { recursive: true });
  mkdirSync(join(folder, 'warehouse'));
  const settings = {
    source: { kind: 'postgres', schema },
    warehouse: { schema: SCHEMA },
    ...(maxDeleteShare === undefined ? {} : { max_delete_share: maxDeleteShare }),
    models: Object.fromEntries(
      Object.entries(models).map(([name, { key, apply = 'latest' }]) => [name, { apply, key }]),
    ),
  };
  writeFileSync(join(folder, 'dataset.yaml'), stringify(settings));
  writeFileSync(join(folder, 'warehouse', '001-tables.sql'), warehouse);
  for (const [name, { sql }] of Object.entries(models)) writeFileSync(join(folder, 'models', `${name}.sql`), sql);
}
