/** Describes a model's output, column by column, and refuses one whose key is not a key. */
import type { Model } from '../shared/dataset.ts';
import { type Duckdb, quoteName, quoteText } from '../shared/duckdb.ts';
import { TerminalError } from '../shared/errors.ts';
import type { Column, ProcessedModel } from '../shared/manifest.ts';
import { outputColumns } from '../shared/model-contract.ts';

export interface Output extends Omit<ProcessedModel['profile'], 'milliseconds'> {
  readonly rows: number;
  readonly fields: Column[];
}

/** Characters of the least and the greatest value that the manifest shows. */
const SHOWN = 100;

export async function profileModel(duckdb: Duckdb, model: Model, path: string): Promise<Output> {
  const parquet = `read_parquet(${quoteText(path)})`;
  const fields = await outputColumns(duckdb, `select * from ${parquet}`);
  const key = model.key.map(quoteName);
  const measures = fields.flatMap(({ name }, index) => [
    `count(*) - count(${quoteName(name)}) as nulls${index}`,
    `left(cast(min(${quoteName(name)}) as varchar), ${SHOWN}) as min${index}`,
    `left(cast(max(${quoteName(name)}) as varchar), ${SHOWN}) as max${index}`,
  ]);
  const [row = {}] = await duckdb.rows<Record<string, string | null>>(
    `select count(*) as rows, ${measures.join(', ')} from ${parquet}`,
  );
  const [distinct] = await duckdb.rows<{ keys: string }>(
    `select count(*) as keys from (select distinct ${key.join(', ')} from ${parquet})`,
  );
  const rows = Number(row.rows);
  const distinctKeys = Number(distinct?.keys);
  if (distinctKeys !== rows) {
    throw new TerminalError(
      `${rows} rows but ${distinctKeys} distinct values of the key ${model.key.join(', ')}; a join multiplies rows or the source has them twice, correct the model`,
    );
  }
  const columns = fields.map(
    ({ name }, index) =>
      [
        name,
        { nulls: Number(row[`nulls${index}`]), min: row[`min${index}`] ?? null, max: row[`max${index}`] ?? null },
      ] as const,
  );
  return { rows, fields, distinctKeys, columns: Object.fromEntries(columns) };
}
