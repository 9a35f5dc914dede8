/** Schema registry: notices what became of the source's columns, and stops the line where a model would suffer. */
import type { Dataset } from '../shared/dataset.ts';
import type { Duckdb } from '../shared/duckdb.ts';
import { TerminalError } from '../shared/errors.ts';
import type { Log } from '../shared/log.ts';
import type { IngestionManifest } from '../shared/manifest.ts';
import { bindModels } from '../shared/model-contract.ts';
import type { CatalogueTable } from './catalogue.ts';

export interface DescribeModelsOptions {
  readonly dataset: Dataset;
  readonly previous: IngestionManifest | undefined;
  readonly tables: readonly CatalogueTable[];
  readonly openDuckdb: () => Promise<Duckdb>;
  readonly log: Log;
}

/** The definition and columns of every model, bound again only if a table or a model has another shape than in the batch before. */
export async function describeModels(options: DescribeModelsOptions): Promise<IngestionManifest['models']> {
  const { dataset, previous, tables, openDuckdb, log } = options;
  if (previous !== undefined && isUnchanged(options)) return previous.models;

  const duckdb = await openDuckdb();
  try {
    const bound = await bindModels(duckdb, dataset, new Map(tables.map(({ name, columns }) => [name, columns])));
    const models: IngestionManifest['models'] = {};
    for (const { name, definition } of dataset.models) {
      models[name] = { definition, columns: bound.get(name) ?? [] };
      refuseRetyped(name, models[name], previous?.models[name]);
    }
    if (previous !== undefined) for (const table of tables) reportChange(table, previous, log);
    return models;
  } finally {
    duckdb.close();
  }
}

function isUnchanged({ dataset, previous, tables }: DescribeModelsOptions): boolean {
  return (
    Object.keys(previous?.models ?? {}).length === dataset.models.length &&
    tables.every(({ name, fingerprint }) => previous?.tables[name]?.fingerprint === fingerprint) &&
    dataset.models.every(({ name, definition }) => previous?.models[name]?.definition === definition)
  );
}

type DescribedModel = IngestionManifest['models'][string];

/** The warehouse keeps the type it has: a column of another type needs a cast in the model, which is another definition. */
function refuseRetyped(model: string, now: DescribedModel, before: DescribedModel | undefined): void {
  if (before === undefined || before.definition !== now.definition) return;
  for (const { name, type } of before.columns) {
    const current = now.columns.find((column) => column.name === name)?.type;
    if (current === type) continue;
    throw new TerminalError(
      `the source changed under model ${model}: its column ${name} was ${type} and is now ${current ?? 'gone'}; ` +
        'nothing was read. Cast it in the model, migrate the warehouse or undo the change',
    );
  }
}

function reportChange({ name, columns }: CatalogueTable, previous: IngestionManifest, log: Log): void {
  const before = new Map(previous.tables[name]?.columns.map((column) => [column.name, column.type]));
  for (const column of columns) {
    const type = before.get(column.name);
    if (type === undefined) log.info(`${name}: new column ${column.name} ${column.type}`);
    else if (type !== column.type) log.warn(`${name}: column ${column.name} turned from ${type} into ${column.type}`);
    before.delete(column.name);
  }
  for (const gone of before.keys()) log.warn(`${name}: column ${gone} is gone`);
}
