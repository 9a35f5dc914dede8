/** The columns of a data set's models as the catalogue spells them, from sql/<dataset>/columns.json. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** Columns by model, each with its DuckDB type. `bin/model-columns.ts` writes the file, a test holds it to the models. */
const columnsFile = z.record(z.string(), z.record(z.string(), z.string()));

export interface CatalogueColumn {
  readonly name: string;
  readonly type: string;
}

const HIVE_TYPES: Readonly<Record<string, string>> = {
  BOOLEAN: 'boolean',
  SMALLINT: 'smallint',
  INTEGER: 'int',
  BIGINT: 'bigint',
  FLOAT: 'float',
  DOUBLE: 'double',
  VARCHAR: 'string',
  DATE: 'date',
  TIMESTAMP: 'timestamp',
};

/** @throws {Error} naming the file or the column, and what to do */
export function readModelColumns(dataset: string): ReadonlyMap<string, readonly CatalogueColumn[]> {
  const file = join('sql', dataset, 'columns.json');
  const path = join(import.meta.dirname, '..', file);
  if (!existsSync(path))
    throw new Error(`${file} is missing: there is no data set ${dataset}, or run node bin/model-columns.ts ${dataset}`);
  const models = columnsFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  return new Map(
    Object.entries(models).map(([model, columns]) => [
      model,
      Object.entries(columns).map(([name, type]) => ({ name, type: hiveType(`${file}: ${model}.${name}`, type) })),
    ]),
  );
}

function hiveType(column: string, type: string): string {
  const known = /^DECIMAL\(\d+,\d+\)$/.test(type) ? type.toLowerCase() : HIVE_TYPES[type];
  if (known !== undefined) return known;
  throw new Error(
    `${column} is ${type}, which not every reader of the lake knows; cast it in the model to text or a number`,
  );
}
