/** What a chart draws, taken from the rows of an answer. */
import type { Answered } from './answer-reports.ts';
import type { Chart } from './report-files.ts';

/** One picture. */
export interface ChartData {
  readonly kind: Chart['kind'];
  /** The names of the columns, for people. */
  readonly x: string;
  readonly y: string;
  /** The value of the column `panels`; undefined if there is one picture only. */
  readonly panel: string | undefined;
  readonly categories: readonly string[];
  readonly series: readonly Series[];
}

export interface Series {
  readonly name: string;
  /** By category. */
  readonly values: readonly (number | null)[];
}

const NONE = '(none)';

/** The pictures of a report with a chart. In a bar chart the largest comes first, else all is in the order of the answer. */
export function chartsOf({ report: { chart }, columns, rows }: Answered): ChartData[] {
  if (chart === undefined) return [];
  const reader = (name: string | undefined) => {
    const place = columns.findIndex((column) => column.name === name);
    return (row: readonly (string | null)[]) => row[place] ?? null;
  };
  const [x, y, series, panel] = [reader(chart.x), reader(chart.y), reader(chart.series), reader(chart.panels)];
  const marks = rows.map((row) => ({
    x: x(row) ?? NONE,
    y: asNumber(y(row)),
    series: chart.series === undefined ? wordsOf(chart.y) : (series(row) ?? NONE),
    panel: chart.panels === undefined ? undefined : (panel(row) ?? NONE),
  }));
  const common = { kind: chart.kind, x: wordsOf(chart.x), y: wordsOf(chart.y) };
  return [...Map.groupBy(marks, (mark) => mark.panel)].map(([name, marks]) => ({
    ...common,
    panel: name,
    ...arrange(marks, chart.kind),
  }));
}

/** A column's name for people. */
export function wordsOf(column: string): string {
  return column.replaceAll('_', ' ');
}

interface Mark {
  readonly x: string;
  readonly y: number | null;
  readonly series: string;
}

function arrange(marks: readonly Mark[], kind: Chart['kind']): Pick<ChartData, 'categories' | 'series'> {
  const categories: { name: string; values: Map<string, number | null> }[] = [];
  for (const { x, y, series } of marks) {
    // two things of one name, as namesakes are, stay two
    const place = categories.find(({ name, values }) => name === x && !values.has(series));
    if (place === undefined) categories.push({ name: x, values: new Map([[series, y]]) });
    else place.values.set(series, y);
  }
  if (kind === 'bar') categories.sort((one, other) => total(other.values) - total(one.values));
  const names = new Set(marks.map(({ series }) => series));
  return {
    categories: categories.map(({ name }) => name),
    series: [...names].map((name) => ({ name, values: categories.map(({ values }) => values.get(name) ?? null) })),
  };
}

function total(values: ReadonlyMap<string, number | null>): number {
  return [...values.values()].reduce<number>((sum, value) => sum + (value ?? 0), 0);
}

/** Near enough for a picture; the table has the exact value. */
function asNumber(text: string | null): number | null {
  return text === null ? null : Number(text);
}
