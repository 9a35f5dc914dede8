/** `node bin/model-columns.ts <dataset>` writes sql/<dataset>/columns.json, from which the lake's catalogue is made. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCatalogue } from '../lambdas/ingest/catalogue.ts';
import { loadDataset } from '../lambdas/shared/dataset.ts';
import { openDuckdb } from '../lambdas/shared/duckdb.ts';
import { UsageError } from '../lambdas/shared/errors.ts';
import { bindModels } from '../lambdas/shared/model-contract.ts';
import { withWorkFolder } from '../lambdas/shared/object-file.ts';
import { connect } from '../lambdas/shared/postgres.ts';
import { startPostgres } from './local/postgres.ts';
import { SQL_FOLDER } from './pipeline.ts';

/** The text of a data set's columns.json: its models bound to the tables of its source/schema.sql, made in the empty database `url`. */
export async function describeModelColumns(name: string, url: string): Promise<string> {
  const folder = join(SQL_FOLDER, name);
  return withWorkFolder(async (directory) => {
    const duckdb = await openDuckdb({ directory });
    const session = await connect({ url, role: 'source' });
    try {
      const dataset = await loadDataset(folder, duckdb);
      await session.query(await readFile(join(folder, 'source', 'schema.sql'), 'utf8'));
      const catalogue = await readCatalogue({ session, schema: dataset.source.schema, names: dataset.tables });
      const tables = new Map(catalogue.map((table) => [table.name, table.columns]));
      const models: Record<string, Record<string, string>> = {};
      for (const [model, columns] of await bindModels(duckdb, dataset, tables))
        models[model] = Object.fromEntries(columns.map(({ name, type }) => [name, type]));
      return `${JSON.stringify(models, null, 2)}\n`;
    } finally {
      await session.end();
      duckdb.close();
    }
  });
}

if (process.argv[1] === import.meta.filename) {
  const [, , dataset] = process.argv;
  if (dataset === undefined) throw new UsageError('say which data set: node bin/model-columns.ts totesys');
  const directory = await mkdtemp(join(tmpdir(), 'weir-columns-'));
  const postgres = await startPostgres({ directory, durable: false });
  try {
    const text = await describeModelColumns(dataset, await postgres.createDatabase(dataset));
    await writeFile(join(SQL_FOLDER, dataset, 'columns.json'), text);
  } finally {
    await postgres.stop();
    await rm(directory, { recursive: true });
  }
}
