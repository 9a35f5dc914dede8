/** Small tables that come with a data set and not from its source: `seeds/*.csv` and the calendar. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { quoteText } from './duckdb.ts';
import { UsageError } from './errors.ts';

export interface Seed {
  /** Makes the table in DuckDB. */
  readonly sql: string;
  /** What the table is made of: another content is another seed. */
  readonly content: string;
}

/** Reads the seeds of a data set by the names under which models read them. */
export async function readSeeds(folder: string, calendar?: { from: string; to: string }): Promise<Map<string, Seed>> {
  const seeds = new Map<string, Seed>();
  for (const file of await listFolder(join(folder, 'seeds'), '.csv')) {
    const path = join(folder, 'seeds', file);
    const content = await readFile(path, 'utf8');
    seeds.set(basename(file, '.csv'), { sql: csvSql(path, content), content });
  }
  if (calendar !== undefined) seeds.set('calendar', { sql: calendarSql(calendar), content: calendarSql(calendar) });
  return seeds;
}

function csvSql(path: string, content: string): string {
  const columns = content.slice(0, content.search(/\r?\n/)).split(',');
  if (columns.some((column) => !/^[a-z_][a-z0-9_]*$/.test(column))) {
    throw new UsageError(`${path}: the first line must name the columns, in lower case and separated by commas`);
  }
  const types = columns.map((column) => `${column}: 'VARCHAR'`).join(', ');
  return `create table "${basename(path, '.csv')}" as from read_csv(${quoteText(path)}, header = true, auto_detect = false,
    delim = ',', quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = false, columns = {${types}})`;
}

function calendarSql({ from, to }: { from: string; to: string }): string {
  return `create table calendar as
    select
      cast(day as date) as day,
      cast(year(day) as integer) as year,
      cast(month(day) as integer) as month,
      cast(day(day) as integer) as day_of_month,
      cast(isodow(day) as integer) as day_of_week,
      cast(quarter(day) as integer) as quarter,
      dayname(day) as day_name,
      monthname(day) as month_name
    from (select unnest(generate_series(date '${from}', date '${to}', interval 1 day)) as day)`;
}

/** Names of the files in a folder with this ending, ascending; none if there is no such folder. */
export async function listFolder(folder: string, ending: string): Promise<string[]> {
  const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return files.filter((file) => file.endsWith(ending)).sort();
}
