/** The figures as a Markdown table whose columns line up, so that it reads well in a terminal and in a document. */
import { availableParallelism, cpus, totalmem } from 'node:os';
import { version as duckdbVersion } from '@duckdb/node-api';

export interface Figure {
  readonly measure: string;
  readonly value: number;
  readonly unit: 'rows/s' | 'MB' | 'ms';
  /** Of Weir's speed to this one. */
  readonly ratio?: number;
  /** What the ratio, or without one the value, should be. */
  readonly aim?: { readonly atLeast: number } | { readonly atMost: number };
}

export function table(figures: readonly Figure[]): string {
  const head = ['measure', 'value', 'unit', 'ratio', 'aim', 'reached'];
  const rows = [head, ...figures.map(cells)];
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => pad(cell, column, widths[column] ?? 0)).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => `${'-'.repeat(width + 1)}${isNumber(column) ? ':' : '-'}`).join('|')}|`;
  return [line(head), rule, ...rows.slice(1).map(line)].join('\n');
}

function cells({ measure, value, unit, ratio, aim }: Figure): string[] {
  const number = new Intl.NumberFormat('en', { maximumFractionDigits: 0 }).format(value);
  const shown = ratio === undefined ? '' : ratio.toFixed(ratio < 10 ? 2 : 0);
  if (aim === undefined) return [measure, number, unit, shown, '', ''];
  const subject = ratio ?? value;
  const reached = 'atLeast' in aim ? subject >= aim.atLeast : subject <= aim.atMost;
  const wanted = 'atLeast' in aim ? `≥ ${aim.atLeast}` : `≤ ${aim.atMost}`;
  return [measure, number, unit, shown, wanted, reached ? 'yes' : 'no'];
}

function pad(cell: string, column: number, width: number): string {
  return isNumber(column) ? cell.padStart(width) : cell.padEnd(width);
}

/** The columns of value and ratio. */
function isNumber(column: number): boolean {
  return column === 1 || column === 3;
}

/** What the figures depend on. */
export function machine(postgresVersion: string): string {
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  const cpu = cpus()[0]?.model.trim();
  return (
    `${availableParallelism()} cores of ${cpu}, ${gigabytes} GB; Node ${process.versions.node}, ` +
    `PostgreSQL ${postgresVersion} with every commit flushed to disk, DuckDB ${duckdbVersion().replace(/^v/, '')}`
  );
}
