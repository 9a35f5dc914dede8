/** Years of business in seconds: what the days would have left behind, streamed in by COPY. */
import type { Session } from '../../../lambdas/shared/session.ts';
import { dateOf, timestampOf, weekdays } from './calendar.ts';
import type { Event, LastIds, SilentEdit } from './events.ts';
import { FIRST_DESIGNS, referenceData } from './reference-data.ts';
import { copyRows, inTransaction, type Row, TABLES, type Table, type TableRow } from './rows.ts';
import { runEvent } from './run-event.ts';
import { addSummaries, type Summary, summary } from './summary.ts';
import { CLOSING_TIME, openingDay, paymentRunTime, weekday } from './weekday.ts';

/** Rows held before they are copied: enough to make COPY worth its while, few enough that memory does not grow with the years. */
const ROWS_PER_COPY = 30_000;

export interface History {
  readonly seed: number;
  readonly ordersPerWeekday: number;
  /** Midnight of the first day. */
  readonly start: number;
  /** Midnight of the last day, which is included. */
  readonly until: number;
  /** Raised by the ids given out. */
  readonly ids: LastIds;
}

/** Leaves the very rows that running every event of every day would leave, in one transaction. */
export async function loadHistory(session: Session, history: History): Promise<Summary> {
  const edits: SilentEdit[] = [];
  const end = timestampOf(history.until + CLOSING_TIME);
  let total = summary(end, {});
  await inTransaction(session, async () => {
    for (const batch of batchesOf(rowsOf(history, edits)))
      for (const table of TABLES) {
        const copied = await copyRows(session, table, batch.get(table) ?? []);
        if (copied > 0) total = addSummaries(total, summary(end, { inserted: { [table]: copied } }));
      }
    for (const edit of edits) total = { ...addSummaries(total, await runEvent(session, edit)), time: end };
  });
  return total;
}

/** New rows in the order in which they came about. Edits of rows that may be gone to the server by then are put into `edits`, to be run at the end. */
function* rowsOf(history: History, edits: SilentEdit[]): Generator<TableRow> {
  const { seed, start, ids } = history;
  const paymentRuns = paymentRunsByDate(history);
  ids.design = FIRST_DESIGNS;
  yield* referenceData({ seed, day: start });
  for (const event of eventsOf(history)) {
    if (event.kind === 'silent edit') edits.push(event);
    if (event.kind !== 'creation') continue; // a payment run shows in the payments themselves
    for (const { table, row } of event.rows)
      yield { table, row: table === 'payment' ? paidWhenDue(row, paymentRuns) : row };
  }
}

function* eventsOf(history: History): Generator<Event> {
  yield* openingDay({ ...history, day: history.start });
  for (const day of weekdays(history.start, history.until)) yield* weekday({ ...history, day });
}

function paymentRunsByDate({ seed, start, until }: History): ReadonlyMap<string, string> {
  return new Map([...weekdays(start, until)].map((day) => [dateOf(day), timestampOf(paymentRunTime(seed, day))]));
}

/** A run catches the payments that were there before it, so none that is due on the day of its order. */
function paidWhenDue(payment: Row, paymentRuns: ReadonlyMap<string, string>): Row {
  const run = paymentRuns.get(String(payment.payment_date));
  return run !== undefined && run > String(payment.created_at)
    ? { ...payment, paid: true, last_updated: run }
    : payment;
}

function* batchesOf(rows: Iterable<TableRow>): Generator<ReadonlyMap<Table, readonly Row[]>> {
  let batch = new Map<Table, Row[]>();
  let count = 0;
  for (const { table, row } of rows) {
    const sameTable = batch.get(table);
    if (sameTable === undefined) batch.set(table, [row]);
    else sameTable.push(row);
    count += 1;
    if (count < ROWS_PER_COPY) continue;
    yield batch;
    batch = new Map();
    count = 0;
  }
  yield batch;
}
