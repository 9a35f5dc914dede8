/** Orders: each comes with its transaction and its payment, in one instant. */
import { DAY, dateOf, timestampOf } from './calendar.ts';
import type { Creation, LastIds } from './events.ts';
import type { Random } from './random.ts';
import { ADDRESSES, COUNTERPARTIES, CURRENCIES, STAFF } from './reference-data.ts';
import type { Row } from './rows.ts';
import { uniqueCode } from './unique-code.ts';

const SHARE_OF_SALES = 0.7066;
const SALES_RECEIPT = 1;
const PURCHASE_PAYMENT = 3;

interface Moment {
  readonly random: Random;
  readonly time: number;
  /** Raised by the ids given out. */
  readonly ids: LastIds;
}

export function order(moment: Moment): Creation {
  moment.ids.transaction += 1;
  return orderAs(moment.ids.transaction, moment);
}

/** Two orders placed at once by two sessions, which took their transaction ids in the opposite order: ids do not follow `created_at`. */
export function concurrentOrders(moment: Moment): [Creation, Creation] {
  moment.ids.transaction += 2;
  const later = { ...moment, time: moment.time + moment.random.between(0, 2) };
  return [orderAs(moment.ids.transaction, moment), orderAs(moment.ids.transaction - 1, later)];
}

function orderAs(transaction_id: number, { random, time, ids }: Moment): Creation {
  const stamps = { created_at: timestampOf(time), last_updated: timestampOf(time) };
  const isSale = random.chance(SHARE_OF_SALES);
  const agreement = agree(random, time);
  const { row, cents } = isSale
    ? sale({ random, sales_order_id: ++ids.sales_order, stamps, agreement, designs: ids.design })
    : purchase({ random, purchase_order_id: ++ids.purchase_order, stamps, agreement });
  const transaction = {
    transaction_id,
    transaction_type: isSale ? 'SALE' : 'PURCHASE',
    sales_order_id: isSale ? ids.sales_order : null,
    purchase_order_id: isSale ? null : ids.purchase_order,
    ...stamps,
  };
  const payment = {
    payment_id: ++ids.payment,
    ...stamps,
    transaction_id,
    counterparty_id: agreement.counterparty_id,
    payment_amount: decimal(cents),
    currency_id: agreement.currency_id,
    payment_type_id: isSale ? SALES_RECEIPT : PURCHASE_PAYMENT,
    paid: false,
    payment_date: agreement.agreed_payment_date,
    company_ac_number: accountNumber(random),
    counterparty_ac_number: accountNumber(random),
  };
  return {
    kind: 'creation',
    time,
    rows: [
      { table: isSale ? 'sales_order' : 'purchase_order', row },
      { table: 'transaction', row: transaction },
      { table: 'payment', row: payment },
    ],
  };
}

/** What both kinds of order agree on. */
interface Agreement {
  readonly staff_id: number;
  readonly counterparty_id: number;
  readonly currency_id: number;
  readonly agreed_delivery_date: string;
  readonly agreed_payment_date: string;
  readonly agreed_delivery_location_id: number;
}

function agree(random: Random, time: number): Agreement {
  return {
    staff_id: random.between(1, STAFF),
    counterparty_id: random.between(1, COUNTERPARTIES),
    currency_id: random.between(1, CURRENCIES.length),
    agreed_delivery_date: dateOf(time + daysAhead(random, 7) * DAY),
    agreed_payment_date: dateOf(time + daysAhead(random, 6) * DAY),
    agreed_delivery_location_id: random.between(1, ADDRESSES),
  };
}

/** 0 to `most`; both ends half as likely as the days between, as in the original. */
function daysAhead(random: Random, most: number): number {
  return Math.ceil(random.between(0, 2 * most - 1) / 2);
}

interface OrderParts {
  readonly random: Random;
  readonly stamps: { readonly created_at: string; readonly last_updated: string };
  readonly agreement: Agreement;
}

interface PricedRow {
  readonly row: Row;
  /** What the whole order costs. */
  readonly cents: number;
}

function sale(parts: OrderParts & { readonly sales_order_id: number; readonly designs: number }): PricedRow {
  const { random, sales_order_id, stamps, agreement, designs } = parts;
  const { staff_id, counterparty_id, currency_id, ...delivery } = agreement;
  const units_sold = random.between(1_001, 99_973);
  const unitCents = random.between(200, 400);
  return {
    row: {
      sales_order_id,
      ...stamps,
      design_id: random.between(1, designs),
      staff_id,
      counterparty_id,
      units_sold,
      unit_price: decimal(unitCents),
      currency_id,
      ...delivery,
    },
    cents: units_sold * unitCents,
  };
}

function purchase(parts: OrderParts & { readonly purchase_order_id: number }): PricedRow {
  const { random, purchase_order_id, stamps, agreement } = parts;
  const { staff_id, counterparty_id, currency_id, ...delivery } = agreement;
  const item_quantity = random.between(1, 999);
  const unitCents = random.between(332, 99_907);
  return {
    row: {
      purchase_order_id,
      ...stamps,
      staff_id,
      counterparty_id,
      item_code: uniqueCode(purchase_order_id, 7).toUpperCase(),
      item_quantity,
      item_unit_price: decimal(unitCents),
      currency_id,
      ...delivery,
    },
    cents: item_quantity * unitCents,
  };
}

/** Money is counted in whole cents and only written as a decimal. */
function decimal(cents: number): string {
  const digits = String(cents).padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

function accountNumber(random: Random): number {
  return random.between(10_000_000, 99_999_999);
}
