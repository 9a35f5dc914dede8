/** A data set: the folder `sql/<name>/` read, checked and understood. The engine knows tables and models from here alone. */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Duckdb } from './duckdb.ts';
import { messageOf, UsageError } from './errors.ts';
import { sha256Of } from './manifest-log.ts';
import { createLineageReader, deriveLineage, type Lineage } from './model-lineage.ts';
import { listFolder, readSeeds } from './seeds.ts';

/** `latest`: one row per key, kept up to date. `history`: every version of a key is a row. `events`: appended once per key. */
const apply = z.enum(['latest', 'history', 'events']);
const names = z.union([
  z
    .string()
    .min(1)
    .transform((name) => [name]),
  z.array(z.string().min(1)).min(1),
]);

const settings = z.strictObject({
  source: z.strictObject({
    kind: z.literal('postgres'),
    schema: z.string().min(1).default('public'),
    /** The column by which the source says when a row last changed. Weir does not rely on it: `weir verify` tells whether one could. */
    last_updated: z.string().min(1).optional(),
  }),
  warehouse: z.strictObject({ schema: z.string().min(1) }),
  /** First and last day of the table `calendar` that models may read. */
  calendar: z.strictObject({ from: z.iso.date(), to: z.iso.date() }).optional(),
  /** Share of a table's rows (0 to 1) that may vanish in one batch; more stops the line until somebody accepts it. */
  max_delete_share: z.number().min(0).max(1).default(0.2),
  models: z.record(z.string().regex(/^[a-z_][a-z0-9_]*$/), z.strictObject({ apply, key: names })),
});

export type Apply = z.infer<typeof apply>;

export interface Model extends Lineage {
  readonly name: string;
  readonly sql: string;
  readonly apply: Apply;
  readonly key: readonly string[];
  /** Changes with anything that can change the output for the same tables. */
  readonly definition: string;
}

export interface Migration {
  readonly name: string;
  readonly sql: string;
}

export interface Dataset {
  readonly name: string;
  /** Where it is described. */
  readonly folder: string;
  readonly source: {
    readonly schema: string;
    /** The column by which the source says when a row last changed; undefined if the data set names none. */
    readonly lastUpdated: string | undefined;
  };
  readonly warehouse: { readonly schema: string; readonly migrations: readonly Migration[] };
  readonly maxDeleteShare: number;
  readonly models: readonly Model[];
  /** The source tables, ascending. */
  readonly tables: readonly string[];
  /** SQL that makes each seed in DuckDB, the calendar among them. */
  readonly seedSql: ReadonlyMap<string, string>;
}

/** Reads the data set in `folder`; its name is the folder's. @throws {UsageError} naming the file, the key and the valid values. */
export async function loadDataset(folder: string, duckdb: Duckdb): Promise<Dataset> {
  const name = basename(folder);
  const file = join(folder, 'dataset.yaml');
  const { source, warehouse, calendar, max_delete_share, models } = await readSettings(file);
  const seeds = await readSeeds(folder, calendar);
  const files = new Map((await readSqlFiles(join(folder, 'models'))).map(({ name, sql }) => [name, sql]));
  refuseMismatch(file, Object.keys(models), [...files.keys()]);

  const reader = await createLineageReader(duckdb, new Set(seeds.keys()));
  const loaded: Model[] = [];
  for (const [model, options] of Object.entries(models)) {
    const sql = files.get(model) ?? '';
    const lineage = await deriveLineage(reader, sql).catch((error) => {
      throw new UsageError(`${join(folder, 'models', `${model}.sql`)}: ${messageOf(error)}`, { cause: error });
    });
    const read = lineage.seeds.map((seed) => seeds.get(seed)?.content);
    const definition = sha256Of(JSON.stringify([sql, options, read]));
    loaded.push({ name: model, sql, ...options, ...lineage, definition });
  }
  return {
    name,
    folder,
    source: { schema: source.schema, lastUpdated: source.last_updated },
    warehouse: { schema: warehouse.schema, migrations: await readSqlFiles(join(folder, 'warehouse')) },
    maxDeleteShare: max_delete_share,
    models: loaded,
    tables: [...new Set(loaded.flatMap(({ tables }) => tables))].sort(),
    seedSql: new Map([...seeds].map(([seed, { sql }]) => [seed, sql])),
  };
}

async function readSettings(file: string): Promise<z.infer<typeof settings>> {
  let content: unknown;
  try {
    content = parse(await readFile(file, 'utf8')); // refuses a key that stands twice, such as two models of one name
  } catch (error) {
    throw new UsageError(`${file}: ${messageOf(error)}`, { cause: error });
  }
  const result = settings.safeParse(content);
  if (result.success) return result.data;
  const valid = `valid keys: ${Object.keys(settings.shape).join(', ')}; of a model: apply (${apply.options.join(', ')}), key`;
  throw new UsageError(`${file} is refused:\n${z.prettifyError(result.error)}\n${valid}`);
}

async function readSqlFiles(folder: string): Promise<Migration[]> {
  const files = await listFolder(folder, '.sql');
  return Promise.all(
    files.map(async (file) => ({ name: basename(file, '.sql'), sql: await readFile(join(folder, file), 'utf8') })),
  );
}

function refuseMismatch(file: string, described: readonly string[], present: readonly string[]): void {
  const missing = described.filter((model) => !present.includes(model));
  const extra = present.filter((model) => !described.includes(model));
  if (missing.length > 0)
    throw new UsageError(
      `${file}: no file models/${missing[0]}.sql for model ${missing[0]}; present: ${present.join(', ')}`,
    );
  if (extra.length > 0)
    throw new UsageError(
      `${file}: models/${extra[0]}.sql is not described; add it below "models" with its key and apply`,
    );
}
