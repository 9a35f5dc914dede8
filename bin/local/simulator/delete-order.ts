/** A cancelled order, removed as if it had never been. The original system never does this; a faithful pipeline must notice all the same. */
import { TerminalError } from '../../../lambdas/shared/errors.ts';
import type { Session } from '../../../lambdas/shared/session.ts';
import { inTransaction } from './rows.ts';
import type { Counts } from './summary.ts';

/** Deletes the newest sales order up to `latest`, with its transaction and payment. @throws {TerminalError} when there is none. */
export async function deleteOrder(session: Session, latest: number): Promise<Counts> {
  const [order] = await session.query<{ sales_order_id: string }>(
    `select sales_order_id
     from sales_order
     where sales_order_id <= $1
     order by sales_order_id desc
     limit 1`,
    [latest],
  );
  if (order === undefined) throw new TerminalError(`totesys holds no sales order up to ${latest}; nothing was deleted`);

  const deleted = { sales_order: 0, transaction: 0, payment: 0 };
  const key = [order.sales_order_id];
  await inTransaction(session, async () => {
    const payments = await session.query(
      `delete from payment
       where transaction_id in (select transaction_id from "transaction" where sales_order_id = $1)
       returning payment_id`,
      key,
    );
    const transactions = await session.query(
      'delete from "transaction" where sales_order_id = $1 returning transaction_id',
      key,
    );
    const orders = await session.query(
      'delete from sales_order where sales_order_id = $1 returning sales_order_id',
      key,
    );
    deleted.payment = payments.length;
    deleted.transaction = transactions.length;
    deleted.sales_order = orders.length;
  });
  return deleted;
}
