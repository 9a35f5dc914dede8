/** What the warehouse answers to the reports of a data set, all of it of one moment. */
import type { Dataset } from '../../lambdas/shared/dataset.ts';
import { identifier, sqlStateOf } from '../../lambdas/shared/postgres.ts';
import type { Connect, Session } from '../../lambdas/shared/session.ts';
import { describe } from '../terminal/failure.ts';
import { exists, isoInstant } from '../warehouse-sql.ts';
import type { Report } from './report-files.ts';

export interface AnswerOptions {
  readonly dataset: Pick<Dataset, 'warehouse'>;
  readonly warehouse: Connect;
  readonly reports: readonly Report[];
}

export interface Answers {
  /** The batch whose state of the source the answers are; undefined before the first, when nothing is asked. */
  readonly head: Head | undefined;
  readonly answers: readonly Answer[];
}

export interface Head {
  readonly batch: number;
  /** ISO instant. */
  readonly capturedAt: string;
}

export interface AnswerColumn {
  readonly name: string;
  /** Whether all its values are numbers, and it has one. */
  readonly numeric: boolean;
}

export interface Answered {
  readonly report: Report;
  readonly columns: readonly AnswerColumn[];
  /** Every value as PostgreSQL's text. */
  readonly rows: readonly (readonly (string | null)[])[];
}

export interface Unanswered {
  readonly report: Report;
  readonly error: string;
}

export type Answer = Answered | Unanswered;

const TIMEOUT_MILLIS = 60_000;

/** A column of our own beside those of a report. */
const PLACE = 'weir_place';

/** Asks in one transaction that sees one state of the warehouse; a report that fails does not keep the others from answering. */
export async function answerReports({ dataset, warehouse, reports }: AnswerOptions): Promise<Answers> {
  const session = await warehouse();
  try {
    await session.query('begin isolation level repeatable read read only');
    await session.query(`set local search_path to ${identifier(dataset.warehouse.schema)}`);
    await session.query(`set local statement_timeout to ${TIMEOUT_MILLIS}`);
    const head = await readHead(session);
    if (head === undefined) return { head, answers: [] };
    const answers: Answer[] = [];
    for (const report of reports) answers.push(await answer(session, report));
    return { head, answers };
  } finally {
    await session.end();
  }
}

async function readHead(session: Session): Promise<Head | undefined> {
  if (!(await exists(session, 'weir_ledger'))) return undefined;
  const [head] = await session.query<Record<'batch' | 'captured_at', string>>(
    `select batch, ${isoInstant('captured_at')} as captured_at
     from weir_ledger
     order by batch desc
     limit 1`,
  );
  return head && { batch: Number(head.batch), capturedAt: head.captured_at };
}

async function answer(session: Session, report: Report): Promise<Answer> {
  await session.query('savepoint report');
  try {
    return withFittingChart({ report, ...(await ask(session, report.sql)) });
  } catch (error) {
    if (sqlStateOf(error) === '') throw error; // the connection is gone
    await session.query('rollback to savepoint report');
    return { report, error: describe(error) };
  }
}

/** Joined to a row that is always there, a report without rows names its columns too. */
async function ask(session: Session, sql: string): Promise<Omit<Answered, 'report'>> {
  const found = await session.query<Record<string, string | null>>(
    `select report.*
     from (select 1) as always
     left join (select row_number() over () as ${PLACE}, report.* from (
${sql.trim().replace(/;$/, '')}
     ) as report) as report on true
     order by ${PLACE}`,
  );
  const names = Object.keys(found[0] ?? {}).filter((name) => name !== PLACE);
  const rows = found.filter((row) => row[PLACE] !== null).map((row) => names.map((name) => row[name] ?? null));
  return {
    columns: names.map((name, index) => ({ name, numeric: isNumeric(rows.map((row) => row[index] ?? null)) })),
    rows,
  };
}

function isNumeric(values: readonly (string | null)[]): boolean {
  const present = values.filter((value) => value !== null);
  return present.length > 0 && present.every((value) => /^-?\d+(\.\d+)?$/.test(value));
}

/** Refuses a chart that names what the answer does not have: an empty picture would look like no business. */
function withFittingChart(answered: Answered): Answer {
  const { report, columns, rows } = answered;
  const { kind: _, ...named } = report.chart ?? {};
  for (const [key, name] of Object.entries(named)) {
    const column = columns.find((candidate) => candidate.name === name);
    if (column === undefined) {
      const valid = columns.map((candidate) => candidate.name).join(', ');
      return {
        report,
        error: `the chart of ${report.name} names ${key}: ${name}, which is no column; valid: ${valid}`,
      };
    }
    const place = columns.indexOf(column);
    if (key === 'y' && !column.numeric && rows.some((row) => row[place] != null))
      return { report, error: `the chart of ${report.name} names y: ${name}, which holds other values than numbers` };
  }
  return answered;
}
