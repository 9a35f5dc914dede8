/** PostgreSQL column types as DuckDB reads them from CSV. Every type that no lake reader agrees on travels as text. */
import { quoteName, quoteText } from './duckdb.ts';
import type { Column } from './manifest.ts';

/** The DuckDB type of a PostgreSQL type as `format_type` spells it: `numeric(10,2)` → `DECIMAL(10,2)`. */
export function lakeType(type: string): string {
  const [, precision, scale = '0'] = /^numeric\((\d+)(?:,(\d+))?\)$/.exec(type) ?? [];
  if (precision !== undefined && Number(precision) <= 38 && Number(scale) <= Number(precision))
    return `DECIMAL(${precision},${scale})`;
  return LAKE_TYPES[type.replace(/\(\d+\)/, '')] ?? 'VARCHAR';
}

const LAKE_TYPES: Readonly<Record<string, string>> = {
  smallint: 'SMALLINT',
  integer: 'INTEGER',
  bigint: 'BIGINT',
  real: 'FLOAT',
  'double precision': 'DOUBLE',
  boolean: 'BOOLEAN',
  date: 'DATE',
  'timestamp without time zone': 'TIMESTAMP',
  'timestamp with time zone': 'TIMESTAMP', // captured in UTC
};

/** A select item that turns the text of a captured column into its lake type; a text that does not fit is an error. */
export function typedColumn({ name, type }: Column): string {
  const column = quoteName(name);
  const target = lakeType(type);
  return target === 'VARCHAR' ? column : `cast(${lakeText(column, target)} as ${target}) as ${column}`;
}

/** The text of a captured value as DuckDB reads it: it puts (BC) behind the day, PostgreSQL puts BC at the end. */
export function lakeText(column: string, target: string): string {
  if (target !== 'DATE' && target !== 'TIMESTAMP') return column;
  return `case when ends_with(${column}, ' BC') then regexp_replace(${column}, '^(\\S+)(.*) BC$', '\\1 (BC)\\2') else ${column} end`;
}

export interface CsvFile {
  readonly path: string;
  readonly columns: readonly Column[];
  /** Whether a value may hold a line break: DuckDB's parallel reader loses its place in such a file between two buffers. */
  readonly multiline: boolean;
  /** The longest row that can be read: DuckDB holds a few buffers of this size. */
  readonly maxRowBytes: number;
}

/** A table function over a captured CSV file, all columns text, NULL and '' told apart. */
export function readCapturedCsv({ path, columns, multiline, maxRowBytes }: CsvFile): string {
  const types = columns.map(({ name }) => `${quoteText(name)}: 'VARCHAR'`).join(', ');
  return `read_csv(${quoteText(path)}, header = true, auto_detect = false, delim = ',', quote = '"', escape = '"', nullstr = '',
    allow_quoted_nulls = false, compression = 'gzip', max_line_size = ${maxRowBytes}, buffer_size = ${maxRowBytes}, parallel = ${!multiline},
    columns = {${types}})`;
}
