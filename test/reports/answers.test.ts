/** Every report against the source itself: the same question answered in TypeScript, from the source's own rows. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SQL_FOLDER } from '../../bin/pipeline.ts';
import type { Session } from '../../lambdas/shared/session.ts';
import { createTotesys, type Totesys } from '../support/totesys.ts';

type Row = Readonly<Record<string, string | null>>;

const DAY = 24 * 60 * 60 * 1000;
const TABLES = [
  'sales_order',
  'purchase_order',
  'payment',
  'payment_type',
  'design',
  'address',
  'staff',
  'department',
  'counterparty',
  'currency',
] as const;
type Snapshot = Readonly<Record<(typeof TABLES)[number], readonly Row[]>>;

let totesys: Totesys;
let warehouse: Session;
/** The source as it was in each batch. */
const snapshots: Snapshot[] = [];

beforeAll(async () => {
  totesys = await createTotesys({ onBatch: async (source) => void snapshots.push(await readSnapshot(source)) });
  for (let day = 0; day < 6; day++) {
    await totesys.simulator.nextDay();
    await totesys.run();
  }
  const source = await totesys.source();
  await source.query(`update sales_order set units_sold = units_sold * 2 where sales_order_id in (1, 2, 3)`);
  await source.query(`update sales_order set unit_price = unit_price - 0.37 where sales_order_id = 2`);
  await source.query(`update purchase_order set agreed_delivery_date = '2024-01-31' where purchase_order_id in (4, 5)`);
  await source.query(
    `update sales_order set currency_id = currency_id % 3 + 1, unit_price = 4 where sales_order_id = 6`,
  );
  await source.end();
  await totesys.run();
  warehouse = await totesys.warehouse();
  await warehouse.query('set search_path to totesys');
});

afterAll(async () => {
  await warehouse?.end();
  await totesys?.remove();
});

async function readSnapshot(source: Session): Promise<Snapshot> {
  const entries: [string, Row[]][] = [];
  for (const table of TABLES)
    entries.push([table, await source.query<Record<string, string | null>>(`select * from ${table} order by 1`)]);
  return Object.fromEntries(entries) as unknown as Snapshot;
}

function now(): Snapshot {
  const newest = snapshots.at(-1);
  if (newest === undefined) throw new Error('no batch');
  return newest;
}

async function answer(report: string): Promise<Row[]> {
  return warehouse.query<Record<string, string | null>>(
    readFileSync(join(SQL_FOLDER, 'totesys', 'reports', `${report}.sql`), 'utf8'),
  );
}

test('the source had everything that the reports ask for: revised and deleted orders, payments paid and not', () => {
  expect(snapshots.length).toBe(10);
  expect(revisions('sale').some(({ deleted }) => deleted)).toBe(true);
  expect(revisions('sale').some(({ columns }) => columns.includes('units_sold'))).toBe(true);
  expect(revisions('sale').some(({ columns }) => columns.includes('currency_id'))).toBe(true);
  expect(revisions('purchase').some(({ columns }) => columns.includes('agreed_delivery_date'))).toBe(true);
  expect(new Set(now().payment.map(({ paid }) => paid))).toEqual(new Set(['t', 'f']));
});

test('revenue by month', async () => {
  const groups = groupBy(now().sales_order, (sale) => [month(sale.created_at), currency(sale)]);
  expect(await answer('revenue-by-month')).toEqual(
    groups
      .map(([[month = '', currency = ''], sales]) => ({
        month,
        currency,
        orders: String(sales.length),
        units: String(sum(sales.map(units))),
        revenue: money(sum(sales.map(value))),
      }))
      .sort(by('month', 'currency')),
  );
});

test('best-selling designs', async () => {
  const groups = groupBy(now().sales_order, ({ design_id }) => [design_id]);
  const ranked = groups
    .map(([[id], sales]) => ({ id: Number(id), orders: sales.length, units: sum(sales.map(units)) }))
    .sort((left, right) => Number(right.units - left.units) || left.id - right.id);
  expect(await answer('best-selling-designs')).toEqual(
    ranked.slice(0, 10).map(({ id, orders, units }) => {
      const { file_name, design_name } = find('design', String(id));
      return { file: file_name, design: design_name, orders: String(orders), units: String(units) };
    }),
  );
});

test('sales by staff', async () => {
  const groups = groupBy(now().sales_order, (sale) => [sale.staff_id, currency(sale)]);
  const ranked = groups
    .map(([[id, currency = ''], sales]) => ({ id: String(id), currency, sales, revenue: sum(sales.map(value)) }))
    .sort(
      (left, right) =>
        compare(left.currency, right.currency) ||
        Number(right.revenue - left.revenue) ||
        Number(left.id) - Number(right.id),
    );
  expect(await answer('sales-by-staff')).toEqual(
    ranked.map(({ id, currency, sales, revenue }) => {
      const { first_name, last_name, department_id } = find('staff', id);
      return {
        staff: `${first_name} ${last_name}`,
        department: find('department', department_id).department_name,
        currency,
        orders: String(sales.length),
        units: String(sum(sales.map(units))),
        revenue: money(revenue),
      };
    }),
  );
});

test('sales by delivery country', async () => {
  const groups = groupBy(now().sales_order, (sale) => [
    find('address', sale.agreed_delivery_location_id).country,
    currency(sale),
  ]);
  const rows = groups.map(([[country = '', currency = ''], sales]) => ({
    country,
    currency,
    orders: String(sales.length),
    units: String(sum(sales.map(units))),
    revenue: money(sum(sales.map(value))),
  }));
  expect(await answer('sales-by-delivery-country')).toEqual(topTen(rows, 'revenue', 'country'));
});

test('average order value', async () => {
  const groups = groupBy(now().sales_order, (sale) => [month(sale.created_at), currency(sale)]);
  expect(await answer('average-order-value')).toEqual(
    groups
      .map(([[month = '', currency = ''], sales]) => {
        const values = sales.map(value).sort((left, right) => Number(left - right));
        const middle = [values[(values.length - 1) >> 1] ?? 0n, values[values.length >> 1] ?? 0n];
        return {
          month,
          currency,
          orders: String(sales.length),
          average_value: money(divide(sum(values), BigInt(values.length))),
          median_value: money(divide(sum(middle), 2n)),
        };
      })
      .sort(by('month', 'currency')),
  );
});

test('late deliveries', async () => {
  const late = (['sale', 'purchase'] as const).flatMap((kind) =>
    rowsOf(now(), kind).map((order) => {
      const first = snapshots
        .map((snapshot) => rowOf(snapshot, kind, idOf(kind, order)))
        .find((row) => row !== undefined);
      const ordered = day(order.created_at);
      const agreed = Math.min(day(first?.agreed_delivery_date), ordered + 7);
      const planned = day(order.agreed_delivery_date);
      return { kind, order, ordered, agreed, planned };
    }),
  );
  const ranked = late
    .filter(({ planned, agreed }) => planned > agreed)
    .sort(
      (left, right) =>
        right.planned - right.agreed - (left.planned - left.agreed) ||
        compare(left.kind, right.kind) ||
        Number(idOf(left.kind, left.order)) - Number(idOf(right.kind, right.order)),
    );
  expect(ranked.length).toBeGreaterThan(2);
  expect(await answer('late-deliveries')).toEqual(
    ranked.slice(0, 20).map(({ kind, order, ordered, agreed, planned }) => ({
      delivery: `${kind} ${idOf(kind, order)}`,
      counterparty: find('counterparty', order.counterparty_id).counterparty_legal_name,
      ordered: isoDate(ordered),
      agreed: isoDate(agreed),
      planned: isoDate(planned),
      days_late: String(planned - agreed),
    })),
  );
});

test('purchases by counterparty', async () => {
  const groups = groupBy(now().purchase_order, (purchase) => [purchase.counterparty_id, currency(purchase)]);
  const rows = groups.map(([[id = '', currency = ''], purchases]) => ({
    id,
    counterparty: find('counterparty', id).counterparty_legal_name,
    currency,
    orders: String(purchases.length),
    items: String(sum(purchases.map(({ item_quantity }) => BigInt(item_quantity ?? '')))),
    spent: money(sum(purchases.map(value))),
  }));
  expect(await answer('purchases-by-counterparty')).toEqual(topTen(rows, 'spent', 'id').map(({ id, ...row }) => row));
});

test('unpaid payments', async () => {
  const { payment } = now();
  const today = Math.max(...payment.flatMap(({ created_at, last_updated }) => [day(created_at), day(last_updated)]));
  const state = ({ payment_date, created_at }: Row) => {
    const due = day(payment_date);
    if (due >= today) return '1 not due yet';
    if ([0, 6].includes(new Date(due * DAY).getUTCDay())) return '3 due on a weekend';
    return due === day(created_at) ? '4 entered on its due day' : '2 overdue';
  };
  const unpaid = payment.filter(({ paid }) => paid === 'f');
  const groups = groupBy(unpaid, (row) => [state(row), comesIn(row) ? 'to be received' : 'to be paid', currency(row)]);
  expect(new Set(groups.map(([[state]]) => state)).size).toBeGreaterThan(1);
  expect(await answer('unpaid-payments')).toEqual(
    groups
      .map(([[state = '', direction = '', currency = ''], payments]) => ({
        state,
        direction,
        currency,
        payments: String(payments.length),
        amount: money(sum(payments.map(amount))),
      }))
      .sort(by('state', 'direction', 'currency'))
      .map(({ state, ...row }) => ({ state: state.slice(2), ...row })),
  );
});

test('payment delay', async () => {
  const paid = now().payment.filter((row) => row.paid === 't');
  const delay = (row: Row) => day(row.last_updated) - day(row.created_at);
  const groups = groupBy(paid, (row) => [String(delay(row)), row.payment_type_id]);
  expect(await answer('payment-delay')).toEqual(
    groups
      .sort(
        ([[days, type]], [[otherDays, otherType]]) =>
          Number(days) - Number(otherDays) || Number(type) - Number(otherType),
      )
      .map(([[days, type], payments]) => {
        const all = BigInt(paid.filter((row) => row.payment_type_id === type).length);
        const permille = divide(1000n * BigInt(payments.length), all);
        const kind = find('payment_type', type).payment_type_name ?? '';
        return {
          days: `day ${days}`,
          kind: kind
            .toLowerCase()
            .replaceAll('_', ' ')
            .replace(/\b[a-z]/g, (letter) => letter.toUpperCase()),
          payments: String(payments.length),
          percent: `${permille / 10n}.${permille % 10n}`,
        };
      }),
  );
});

test('gross flow by counterparty', async () => {
  const groups = groupBy(now().payment, (row) => [row.counterparty_id, currency(row)]);
  const rows = groups.map(([[id = '', currency = ''], payments]) => {
    const moneyIn = sum(payments.filter(comesIn).map(amount));
    const moneyOut = sum(payments.filter((row) => !comesIn(row)).map(amount));
    return {
      id,
      counterparty: find('counterparty', id).counterparty_legal_name,
      currency,
      payments: String(payments.length),
      money_in: money(moneyIn),
      money_out: money(moneyOut),
      gross: money(moneyIn + moneyOut),
      net: money(moneyIn - moneyOut),
    };
  });
  expect(await answer('gross-flow-by-counterparty')).toEqual(topTen(rows, 'gross', 'id').map(({ id, ...row }) => row));
});

test('revised orders', async () => {
  const expected = (['sale', 'purchase'] as const).flatMap((kind) => {
    const all = revisions(kind);
    const names = [...new Set(all.flatMap(({ columns }) => [...columns, 'any column']))];
    return names.map((name) => {
      const some = all.filter(({ columns }) => name === 'any column' || columns.includes(name));
      return {
        order_kind: kind,
        revised: name,
        orders: String(new Set(some.map(({ id }) => id)).size),
        revisions: some.length,
        mean_value_change_percent: tenth(some.flatMap(({ percent }) => percent ?? [])),
        mean_days_moved: tenth(some.flatMap(({ days }) => days ?? [])),
      };
    });
  });
  expected.sort(
    (left, right) =>
      -compare(left.order_kind, right.order_kind) ||
      right.revisions - left.revisions ||
      compare(left.revised, right.revised),
  );
  expect(await answer('revised-orders')).toEqual(
    expected.map(({ revisions, revised, ...row }) => ({
      ...row,
      revised: revised.replaceAll('_', ' '),
      revisions: String(revisions),
    })),
  );
});

test('day-of-week pattern', async () => {
  const placed = (['sale', 'purchase'] as const).flatMap((kind) =>
    rowsOf(now(), kind).map((order) => ({ kind, day: day(order.created_at) })),
  );
  const days = placed.map((order) => order.day);
  const [first, last] = [Math.min(...days), Math.max(...days)];
  const calendar = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const weekday = (day: number) => new Date(day * DAY).getUTCDay() || 7;
  const names = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
  expect(await answer('day-of-week-pattern')).toEqual(
    names.flatMap((name, index) =>
      (['sale', 'purchase'] as const).map((kind) => {
        const orders = placed.filter((order) => order.kind === kind && weekday(order.day) === index + 1).length;
        const such = calendar.filter((day) => weekday(day) === index + 1).length;
        const tenths = divide(10n * BigInt(orders), BigInt(such));
        return {
          weekday: name,
          order_kind: kind,
          orders: String(orders),
          orders_per_day: `${tenths / 10n}.${tenths % 10n}`,
        };
      }),
    ),
  );
});

type Kind = 'sale' | 'purchase';

function rowsOf(snapshot: Snapshot, kind: Kind): readonly Row[] {
  return kind === 'sale' ? snapshot.sales_order : snapshot.purchase_order;
}

function idOf(kind: Kind, order: Row): string {
  return (kind === 'sale' ? order.sales_order_id : order.purchase_order_id) ?? '';
}

function rowOf(snapshot: Snapshot, kind: Kind, id: string): Row | undefined {
  return rowsOf(snapshot, kind).find((order) => idOf(kind, order) === id);
}

interface Revision {
  readonly id: string;
  /** As the warehouse names them. */
  readonly columns: readonly string[];
  readonly deleted: boolean;
  /** Undefined where the currency is another one: its amounts do not compare. */
  readonly percent: number | undefined;
  readonly days: number | undefined;
}

/** What changed in orders from batch to batch; a delete is one too. */
function revisions(kind: Kind): Revision[] {
  return snapshots.slice(1).flatMap((snapshot, index) => {
    const before = snapshots[index];
    const present = new Map(rowsOf(snapshot, kind).map((order) => [idOf(kind, order), order]));
    return (before === undefined ? [] : rowsOf(before, kind)).flatMap((order): Revision[] => {
      const id = idOf(kind, order);
      const later = present.get(id);
      if (later === undefined)
        return [{ id, columns: ['deleted'], deleted: true, percent: undefined, days: undefined }];
      const columns = Object.keys(order).filter((name) => name !== 'last_updated' && order[name] !== later[name]);
      if (columns.length === 0) return [];
      const percent =
        later.currency_id === order.currency_id ? 100 * (Number(value(later)) / Number(value(order)) - 1) : undefined;
      const days = day(later.agreed_delivery_date) - day(order.agreed_delivery_date);
      return [{ id, columns, deleted: false, percent, days }];
    });
  });
}

/** The row of a table with this id. */
function find(table: (typeof TABLES)[number], id: string | null | undefined): Row {
  const row = now()[table].find((row) => row[`${table}_id`] === id);
  if (row === undefined) throw new Error(`no ${table} ${id}`);
  return row;
}

function currency(row: Row): string {
  return find('currency', row.currency_id).currency_code ?? '';
}

function comesIn(row: Row): boolean {
  return ['SALES_RECEIPT', 'PURCHASE_REFUND'].includes(
    find('payment_type', row.payment_type_id).payment_type_name ?? '',
  );
}

function units({ units_sold }: Row): bigint {
  return BigInt(units_sold ?? '');
}

/** In hundredths: what an order is worth. */
function value(order: Row): bigint {
  return order.units_sold === undefined
    ? BigInt(order.item_quantity ?? '') * hundredths(order.item_unit_price)
    : units(order) * hundredths(order.unit_price);
}

function amount({ payment_amount }: Row): bigint {
  return hundredths(payment_amount);
}

function hundredths(text: string | null | undefined): bigint {
  const [whole = '', decimals = ''] = (text ?? '').split('.');
  if (decimals.length > 2) throw new Error(`${text} has more than two decimals`);
  return BigInt(whole + decimals.padEnd(2, '0'));
}

function money(hundredths: bigint): string {
  const digits = String(hundredths < 0n ? -hundredths : hundredths).padStart(3, '0');
  return `${hundredths < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** Rounded half up; of numbers that are not negative. */
function divide(dividend: bigint, divisor: bigint): bigint {
  return (2n * dividend + divisor) / (2n * divisor);
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}

/** The mean; null of none. */
function tenth(values: readonly number[]): string | null {
  if (values.length === 0) return null;
  return (values.reduce((total, value) => total + value, 0) / values.length).toFixed(1).replace(/^-0\.0$/, '0.0');
}

/** Days since 1970 of a date or timestamp. */
function day(text: string | null | undefined): number {
  return Date.parse(`${text?.slice(0, 10)}T00:00:00Z`) / DAY;
}

function isoDate(day: number): string {
  return new Date(day * DAY).toISOString().slice(0, 10);
}

function month(text: string | null | undefined): string {
  return text?.slice(0, 7) ?? '';
}

function groupBy(rows: readonly Row[], key: (row: Row) => readonly (string | null | undefined)[]): [string[], Row[]][] {
  const groups = Map.groupBy(rows, (row) => JSON.stringify(key(row)));
  return [...groups].map(([key, rows]) => [JSON.parse(key), rows]);
}

/** The ten with the largest amount in each currency; `otherwise` decides between equals. */
function topTen<R extends Readonly<Record<string, string | null | undefined>>>(
  rows: readonly R[],
  amount: string,
  otherwise: string,
): R[] {
  const currencies = [...new Set(rows.map((row) => row.currency ?? ''))].sort(compare);
  return currencies.flatMap((currency) =>
    rows
      .filter((row) => row.currency === currency)
      .sort(
        (left, right) =>
          Number(hundredths(right[amount]) - hundredths(left[amount])) ||
          (otherwise === 'id'
            ? Number(left.id) - Number(right.id)
            : compare(left[otherwise] ?? '', right[otherwise] ?? '')),
      )
      .slice(0, 10),
  );
}

function by<Name extends string>(...names: readonly Name[]) {
  return (left: Readonly<Record<Name, string>>, right: Readonly<Record<Name, string>>) =>
    names.map((name) => compare(left[name], right[name])).find((order) => order !== 0) ?? 0;
}

/** As PostgreSQL compares in the collation of the tests' server, C. */
function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
