/** Where the simulated business stands, as read from its tables. */
import type { Session } from '../../../lambdas/shared/session.ts';
import { midnight } from './calendar.ts';
import type { LastIds } from './events.ts';

export interface Position {
  /** Midnight of the last day of business. */
  readonly day: number;
  readonly ids: LastIds;
}

/** @returns undefined when there is no transaction yet. */
export async function readPosition(session: Session): Promise<Position | undefined> {
  const [last] = await session.query<Record<keyof LastIds | 'day', string | null>>(`
    select
      (select to_char(max(created_at), 'yyyy-mm-dd') from "transaction") as day,
      (select max(design_id) from design) as design,
      (select max(sales_order_id) from sales_order) as sales_order,
      (select max(purchase_order_id) from purchase_order) as purchase_order,
      (select max(transaction_id) from "transaction") as transaction,
      (select max(payment_id) from payment) as payment`);
  if (last?.day == null) return undefined;
  return {
    day: midnight(last.day),
    ids: {
      design: Number(last.design),
      sales_order: Number(last.sales_order),
      purchase_order: Number(last.purchase_order),
      transaction: Number(last.transaction),
      payment: Number(last.payment),
    },
  };
}
