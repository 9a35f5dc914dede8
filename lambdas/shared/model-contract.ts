/** Which columns every model gives, found by letting DuckDB bind its SQL against empty tables: no row is read. */
import type { Dataset, Model } from './dataset.ts';
import { type Duckdb, quoteName } from './duckdb.ts';
import { messageOf, TerminalError } from './errors.ts';
import type { Column } from './manifest.ts';
import { lakeType } from './source-types.ts';

/** Binds the models to the source's columns, in an empty `duckdb`. @throws {TerminalError} naming the model and what it misses. */
export async function bindModels(
  duckdb: Duckdb,
  dataset: Dataset,
  tables: ReadonlyMap<string, readonly Column[]>,
): Promise<Map<string, Column[]>> {
  for (const sql of dataset.seedSql.values()) await duckdb.run(sql);
  for (const [table, columns] of tables) {
    const definitions = columns.map(({ name, type }) => `${quoteName(name)} ${lakeType(type)}`);
    await duckdb.run(`create table ${quoteName(table)} (${definitions.join(', ')})`);
  }
  const bound = new Map<string, Column[]>();
  for (const model of dataset.models) bound.set(model.name, await bindModel(duckdb, model, tables));
  return bound;
}

async function bindModel(
  duckdb: Duckdb,
  { name, sql, key }: Model,
  tables: ReadonlyMap<string, readonly Column[]>,
): Promise<Column[]> {
  const columns = await outputColumns(duckdb, sql).catch((error) => {
    const present = [...tables].map(
      ([table, columns]) => `${table} (${columns.map((column) => column.name).join(', ')})`,
    );
    throw new TerminalError(
      `model ${name} does not fit the source: ${messageOf(error)}; change the model or the source, nothing was read. The source has: ${present.join('; ')}`,
      { cause: error },
    );
  });
  const missing = key.find((column) => !columns.some(({ name }) => name === column));
  if (missing === undefined) return columns;
  throw new TerminalError(
    `model ${name} gives no column ${missing}, its key; it gives ${columns.map(({ name }) => name).join(', ')}`,
  );
}

/** The columns that a query gives, with their DuckDB types. */
export async function outputColumns(duckdb: Duckdb, sql: string): Promise<Column[]> {
  const rows = await duckdb.rows<{ column_name: string; column_type: string }>(`describe ${sql}`);
  return rows.map(({ column_name, column_type }) => ({ name: column_name, type: column_type }));
}
