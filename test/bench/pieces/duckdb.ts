/** The floor of transform: the captured file by DuckDB alone into Parquet, columns as they are, types as it guesses them. */
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { openDuckdb, quoteText } from '../../../lambdas/shared/duckdb.ts';
import type { Place, Run } from '../piece.ts';

export async function prepare({ lake, files }: Place): Promise<Run> {
  const duckdb = await openDuckdb({ directory: files });
  const [captured = ''] = globSync(join(lake, 'ingestion/totesys/sales_order/*/*/*.csv.*'));
  const output = quoteText(join(files, 'duckdb.parquet'));
  return async () => {
    await duckdb.run(
      `copy (select * from read_csv(${quoteText(captured)})) to ${output} (format parquet, compression zstd)`,
    );
    const [counted] = await duckdb.rows<{ rows: string }>(`select count(*) as rows from read_parquet(${output})`);
    return Number(counted?.rows);
  };
}
