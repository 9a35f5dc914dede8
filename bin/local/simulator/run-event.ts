/** Events as the real system makes them: SQL, one transaction for each. */
import type { Session } from '../../../lambdas/shared/session.ts';
import { dateOf, timestampOf } from './calendar.ts';
import type { Creation, Event, PaymentRun, SilentEdit } from './events.ts';
import { insertRow, inTransaction } from './rows.ts';
import { addCounts, type Counts, type Summary, summary } from './summary.ts';

export async function runEvent(session: Session, event: Event): Promise<Summary> {
  const time = timestampOf(event.time);
  switch (event.kind) {
    case 'creation':
      return summary(time, { inserted: await create(session, event) });
    case 'silent edit':
      return summary(time, { silent: await edit(session, event) });
    case 'payment run':
      return summary(time, { updated: await payWhatIsDue(session, event) });
  }
}

async function create(session: Session, { rows }: Creation): Promise<Counts> {
  await inTransaction(session, async () => {
    for (const { table, row } of rows) await insertRow(session, table, row);
  });
  return rows.reduce<Counts>((counts, { table }) => addCounts(counts, { [table]: 1 }), {});
}

async function edit(session: Session, { table, sql, values }: SilentEdit): Promise<Counts> {
  const edited = await session.query(sql, values);
  return addCounts({}, { [table]: edited.length });
}

async function payWhatIsDue(session: Session, { time }: PaymentRun): Promise<Counts> {
  const paid = await session.query(
    `update payment
     set paid = true, last_updated = $1
     where payment_date = $2 and not paid
     returning payment_id`,
    [timestampOf(time), dateOf(time)],
  );
  return addCounts({}, { payment: paid.length });
}
