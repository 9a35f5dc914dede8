/** What the dashboard is told of a report: a file of sql/<dataset>/reports. */

export interface Report {
  /** Of the file, without `.sql`. */
  readonly name: string;
  readonly question: string;
  /** What else the reader should know. */
  readonly note?: string;
  readonly sql: string;
  /** @default - a table */
  readonly chart?: ReportChart;
}

/** Names columns of the answer; one row of it for each combination of x, series and panels. */
export interface ReportChart {
  readonly kind: 'line' | 'bar' | 'column';
  readonly x: string;
  readonly y: string;
  /** Drawn in one colour each. */
  readonly series?: string;
  /** Drawn in a picture each, with a scale of its own. */
  readonly panels?: string;
}

/** The place of a row in the answer: QuickSight makes a subquery of the SQL, whose order is lost on the way. */
export const PLACE = 'place';

/** The report's SQL, word for word, as the subquery of one that numbers its rows. */
export function placedSql({ sql }: Report): string {
  return `select row_number() over () as ${PLACE}, report.*\nfrom (\n${sql.trim()}\n) as report`;
}
