/** The reports of a data set as they are written: a question, how to draw its answer, and the SQL that answers it. */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { messageOf, UsageError } from '../../lambdas/shared/errors.ts';
import { listFolder } from '../../lambdas/shared/seeds.ts';

const column = z.string().min(1);

const chart = z.strictObject({
  /** `bar` lies, the largest on top; `column` stands, in the order of the answer. */
  kind: z.enum(['line', 'bar', 'column']),
  x: column,
  y: column,
  /** A colour for each value of this column. */
  series: column.optional(),
  /** A picture for each value of this column, with a scale of its own: amounts of different currencies never share an axis. */
  panels: column.optional(),
});

/** Names columns of the answer. */
export type Chart = z.infer<typeof chart>;

export interface Report {
  /** Of the file, without `.sql`. */
  readonly name: string;
  readonly question: string;
  /** What else the reader should know. */
  readonly note: string | undefined;
  /** The file word for word: one SELECT. */
  readonly sql: string;
  /** Undefined: the answer is a table. */
  readonly chart: Chart | undefined;
}

/** The reports in a folder, by name; none if there is no folder. @throws {UsageError} naming the file, the key and the valid values */
export async function readReports(folder: string): Promise<Report[]> {
  const files = await listFolder(folder, '.sql');
  return Promise.all(
    files.map(async (file) => parseReport(join(folder, file), await readFile(join(folder, file), 'utf8'))),
  );
}

/** @throws {UsageError} */
export function parseReport(file: string, sql: string): Report {
  const [question = '', ...others] = leadingComments(sql);
  if (!question.endsWith('?'))
    throw new UsageError(`${file}: the first line must be the question: "-- What sells best?"`);
  const [first = '', ...rest] = others;
  const isChart = first.startsWith('chart:');
  const note = (isChart ? rest : others).join(' ');
  return {
    name: basename(file, '.sql'),
    question,
    note: note === '' ? undefined : note,
    sql,
    chart: isChart ? parseChart(file, first) : undefined,
  };
}

/** The texts of the comment lines that a file begins with. */
function leadingComments(sql: string): string[] {
  const lines = sql.split(/\r?\n/);
  const end = lines.findIndex((line) => !line.startsWith('--'));
  return lines.slice(0, end === -1 ? lines.length : end).map((line) => line.slice('--'.length).trim());
}

function parseChart(file: string, line: string): Chart {
  const valid = `valid keys: ${Object.keys(chart.shape).join(', ')}; of kind: ${chart.shape.kind.options.join(', ')}`;
  let content: unknown;
  try {
    content = parse(line);
  } catch (error) {
    throw new UsageError(`${file}: the chart is no YAML: ${messageOf(error)}\n${valid}`, { cause: error });
  }
  const result = z.object({ chart }).safeParse(content);
  if (result.success) return result.data.chart;
  throw new UsageError(`${file} is refused:\n${z.prettifyError(result.error)}\n${valid}`);
}
