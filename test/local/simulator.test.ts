import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TABLES } from '../../bin/local/simulator/rows.ts';
import { createSimulator, type SimulatorOptions } from '../../bin/local/simulator/simulator.ts';
import { addSummaries } from '../../bin/local/simulator/summary.ts';
import { TerminalError, UsageError } from '../../lambdas/shared/errors.ts';
import { connect, identifier } from '../../lambdas/shared/postgres.ts';
import type { Session } from '../../lambdas/shared/session.ts';
import { createTestDatabase } from '../support/database.ts';

const SOURCE = join(import.meta.dirname, '..', '..', 'sql', 'totesys', 'source');
const SCHEMA = readFileSync(join(SOURCE, 'schema.sql'), 'utf8');
const ROLE = readFileSync(join(SOURCE, 'role.sql'), 'utf8');

const cleanups: (() => Promise<void>)[] = [];

afterAll(async () => {
  for (const cleanup of cleanups) await cleanup();
});

/** A session on a totesys database of its own, without rows. */
async function emptySource(): Promise<Session> {
  const database = await createTestDatabase('simulator');
  const session = await connect({ url: database.url, role: 'source' });
  cleanups.push(() => session.end().then(database.drop));
  await session.query(SCHEMA);
  return session;
}

async function sourceUntil(until: string, options: Partial<SimulatorOptions> = {}) {
  const session = await emptySource();
  const simulator = await createSimulator({ session, seed: 1, ...options });
  const loaded = await simulator.loadHistory({ until });
  return { session, simulator, loaded };
}

/** One hash per table over all its rows in the order of their keys. */
async function hashes(session: Session): Promise<Record<string, unknown>> {
  const columns = TABLES.map((table) => {
    const rows = `string_agg(r::text, chr(10) order by ${identifier(`${table}_id`)})`;
    return `(select md5(${rows}) from ${identifier(table)} r) as ${identifier(table)}`;
  });
  const [row] = await session.query(`select ${columns.join(', ')}`);
  return { ...row };
}

async function one(session: Session, sql: string): Promise<Record<string, unknown>> {
  const [row] = await session.query(sql);
  return { ...row };
}

async function countRows(session: Session): Promise<Record<string, number>> {
  const counts = TABLES.map((table) => `(select count(*) from ${identifier(table)}) as ${identifier(table)}`);
  const row = await one(session, `select ${counts.join(', ')}`);
  return Object.fromEntries(Object.entries(row).map(([table, rows]) => [table, Number(rows)]));
}

describe('the schema', () => {
  const original = join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'totesys-2024-11-14');
  const test = existsSync(original) ? it : it.skip;

  test('takes the rows of the original, column for column', async () => {
    const session = await emptySource();
    for (const table of TABLES) {
      const file = createReadStream(join(original, `${table}.csv.gz`)).pipe(createGunzip());
      await session.copyIn(`copy ${identifier(table)} from stdin (format csv, header match)`, file);
    }
    expect(await countRows(session)).toEqual({
      address: 30,
      counterparty: 20,
      currency: 3,
      department: 8,
      design: 472,
      payment_type: 4,
      staff: 20,
      sales_order: 11_175,
      purchase_order: 4_640,
      transaction: 15_815,
      payment: 15_815,
    });
  });
});

describe('the same business again', () => {
  it('comes from the same seed byte for byte, and from no other', async () => {
    const live = async (seed: number) => {
      const { session, simulator } = await sourceUntil('2022-12-16', { seed });
      for (let day = 0; day < 3; day += 1) await simulator.nextDay();
      await simulator.deleteOrder();
      return hashes(session);
    };
    const first = await live(7);
    expect(await live(7)).toEqual(first);
    const other = await live(8);
    const alike = TABLES.filter((table) => other[table] === first[table]);
    expect(alike).toEqual(['currency', 'payment_type']);
  });

  it('is the same loaded at once as lived day by day', async () => {
    const { session: loaded } = await sourceUntil('2022-12-30');
    const { session: lived, simulator } = await sourceUntil('2022-12-02');
    for (let day = 0; day < 20; day += 1) await simulator.nextDay();
    expect(await hashes(lived)).toEqual(await hashes(loaded));
  });

  it('is the same event by event, and when another simulator takes over after a day', async () => {
    const { session: whole, simulator } = await sourceUntil('2022-12-02');
    await simulator.nextDay();
    await simulator.nextDay();

    const { session: split, simulator: before } = await sourceUntil('2022-12-02');
    const ticks = [await before.tick(), await before.tick(), await before.tick()];
    expect(ticks.map(({ time }) => time.slice(0, 16))).toEqual([
      '2022-12-05 07:55',
      expect.stringMatching(/^2022-12-05 \d\d:\d\d$/),
      expect.stringMatching(/^2022-12-05 \d\d:\d\d$/),
    ]);
    expect((await before.nextDay()).time).toMatch(/^2022-12-05/);
    const after = await createSimulator({ session: split, seed: 1 });
    expect((await after.nextDay()).time).toMatch(/^2022-12-06/);

    expect(await hashes(split)).toEqual(await hashes(whole));
  });
});

describe('two years of history', () => {
  let session: Session;
  let loaded: Awaited<ReturnType<typeof sourceUntil>>['loaded'];

  beforeAll(async () => {
    ({ session, loaded } = await sourceUntil('2024-11-14', { seed: 20221103 }));
  });

  it('has the size of the original, and reports it', async () => {
    const rows = await countRows(session);
    const { sales_order = 0, purchase_order = 0, transaction = 0, design = 0 } = rows;
    expect(rows).toEqual({
      address: 30,
      counterparty: 20,
      currency: 3,
      department: 8,
      design,
      payment_type: 4,
      staff: 20,
      sales_order,
      purchase_order,
      transaction: sales_order + purchase_order,
      payment: transaction,
    });
    expect(Math.abs(sales_order / 11_175 - 1)).toBeLessThan(0.05);
    expect(Math.abs(purchase_order / 4_640 - 1)).toBeLessThan(0.05);
    expect(Math.abs(design / 472 - 1)).toBeLessThan(0.05);
    expect(loaded).toMatchObject({ time: '2024-11-14 19:00:00.000', inserted: rows, updated: {}, deleted: {} });
    expect(Object.keys(loaded.silent)).toEqual(['design', 'sales_order', 'purchase_order']);
  });

  it('begins and ends when it should have', async () => {
    const bounds = await one(
      session,
      `select
         (select min(created_at)::text from address) as lists,
         (select min(created_at)::text from staff) as people,
         (select min(created_at)::text from "transaction") as first_order,
         (select max(created_at)::date::text from "transaction") as last_day`,
    );
    expect(bounds).toEqual({
      lists: '2022-11-03 14:20:49.962',
      people: '2022-11-03 14:20:51.563',
      first_order: '2022-11-03 14:20:52.186',
      last_day: '2024-11-14',
    });
  });

  it('has reference data as awkward as the original', async () => {
    const facts = await one(
      session,
      `select
         count(*) filter (where address_line_2 is null) as without_line_2,
         count(*) filter (where district is null) as without_district,
         count(*) filter (where postal_code !~ '^\\d{5}(-\\d{4})?$' or phone !~ '^\\d{4} \\d{6}$') as malformed,
         count(*) filter (where postal_code like '0%') > 0 as leading_zeros,
         max(length(address_line_1)) <= 23 and max(length(city)) <= 18 and max(length(country)) <= 37 as short,
         (select location from department where department_name = 'Dispatch') as dispatch,
         (select count(distinct legal_address_id) from counterparty) as seats,
         (select count(distinct counterparty_legal_name) from counterparty) as firms,
         (select count(*) > 0 from counterparty where counterparty_legal_name ~ ', .* and ') as commas,
         (select count(distinct email_address) from staff where email_address ~ '^[^@ ]+@totesys.example$') as emails,
         (select min(department_id) > 1 from staff) as nobody_in_sales,
         (select string_agg(distinct design_name, ' ') from design) as design_names
       from address`,
    );
    expect(facts).toEqual({
      without_line_2: '20',
      without_district: '14',
      malformed: '0',
      leading_zeros: 't',
      short: 't',
      dispatch: 'Leds',
      seats: '14',
      firms: '20',
      commas: 't',
      emails: '20',
      nobody_in_sales: 't',
      design_names: 'Bronze Concrete Cotton Fresh Frozen Granite Metal Plastic Rubber Soft Steel Wooden',
    });
  });

  it.each([
    [
      'a gap in the ids',
      `select 1 from sales_order having max(sales_order_id) <> count(*) or min(sales_order_id) <> 1
       union all
       select 2 from purchase_order having max(purchase_order_id) <> count(*) or min(purchase_order_id) <> 1
       union all
       select 3 from "transaction" having max(transaction_id) <> count(*) or min(transaction_id) <> 1
       union all
       select 4 from payment having max(payment_id) <> count(*) or min(payment_id) <> 1
       union all
       select 5 from design having max(design_id) <> count(*) or min(design_id) <> 1`,
    ],
    ['business on a weekend', 'select 1 from "transaction" where extract(isodow from created_at) > 5'],
    [
      'business outside 08:00 to 18:59 or outside seconds 9 to 13',
      `select 1 from "transaction"
       where created_at >= '2022-11-04'
         and (extract(hour from created_at) not between 8 and 18 or floor(extract(second from created_at)) not between 9 and 13)`,
    ],
    [
      'an order, its transaction and its payment from different instants',
      `select 1
       from "transaction"
       left join payment using (transaction_id)
       left join sales_order using (sales_order_id)
       left join purchase_order using (purchase_order_id)
       where num_nonnulls(sales_order_id, purchase_order_id) <> 1
         or payment.created_at is distinct from "transaction".created_at
         or coalesce(sales_order.created_at, purchase_order.created_at) is distinct from payment.created_at`,
    ],
    [
      'a payment that disagrees with its sale',
      `select 1
       from sales_order s
       join "transaction" t using (sales_order_id)
       join payment p using (transaction_id)
       where (t.transaction_type, p.payment_type_id, p.payment_amount, p.counterparty_id, p.currency_id, p.payment_date)
         <> ('SALE', 1, round(s.units_sold * s.unit_price, 2), s.counterparty_id, s.currency_id, s.agreed_payment_date)`,
    ],
    [
      'a payment that disagrees with its purchase',
      `select 1
       from purchase_order o
       join "transaction" t using (purchase_order_id)
       join payment p using (transaction_id)
       where (t.transaction_type, p.payment_type_id, p.payment_amount, p.counterparty_id, p.currency_id, p.payment_date)
         <> ('PURCHASE', 3, round(o.item_quantity * o.item_unit_price, 2), o.counterparty_id, o.currency_id, o.agreed_payment_date)`,
    ],
    [
      'a sale out of range',
      `select 1 from sales_order
       where units_sold not between 1001 and 99973
         or unit_price not between 2.00 and 4.00 or scale(unit_price) <> 2
         or agreed_payment_date::date - created_at::date not between 0 and 6
         or agreed_delivery_date::date - created_at::date not between 0 and 650
         or last_updated <> created_at`,
    ],
    [
      'a purchase out of range',
      `select 1 from purchase_order
       where item_quantity not between 1 and 999
         or item_unit_price not between 3.32 and 999.07 or scale(item_unit_price) <> 2
         or item_code !~ '^[0-9A-Z]{7}$'
         or agreed_payment_date::date - created_at::date not between 0 and 6
         or agreed_delivery_date::date - created_at::date not between 0 and 650
         or last_updated <> created_at`,
    ],
    ['an item code twice', 'select 1 from purchase_order group by item_code having count(*) > 1'],
    ['a file name twice', 'select 1 from design group by file_name having count(*) > 1'],
    [
      'a malformed file name',
      `select 1 from design where file_name !~ (lower(design_name) || '-20\\d{6}-[0-9a-z]{4}\\.json')`,
    ],
    [
      'an account number without eight digits',
      `select 1 from payment where company_ac_number::text || ' ' || counterparty_ac_number !~ '^[1-9]\\d{7} [1-9]\\d{7}$'`,
    ],
    [
      'a payment that is not paid just when the run of its day could see it',
      `select 1 from payment
       where paid <> (
         extract(isodow from payment_date::date) <= 5
         and payment_date::date > created_at::date
         and payment_date <= '2024-11-14')`,
    ],
    [
      'a payment run that is not one instant at 07:55:11',
      `select 1 from payment
       where paid
       group by payment_date
       having count(distinct last_updated) > 1
         or min(date_trunc('second', last_updated)) <> payment_date::date + time '07:55:11'`,
    ],
    ['an unpaid payment that looks updated', 'select 1 from payment where not paid and last_updated <> created_at'],
  ])('never has %s', async (_, violations) => {
    expect(await session.query(violations)).toEqual([]);
  });

  it('has the irregularities that mislead readers by timestamp or id', async () => {
    const found = await one(
      session,
      `select
         (select count(*) from payment where payment_id <> transaction_id) between 12 and 80 as swapped_ids,
         (select count(*) from (select created_at < lag(created_at) over (order by transaction_id) as back from "transaction") t where back) > 5 as ids_against_time,
         (select count(*) from (select 1 from "transaction" group by created_at having count(*) > 1) t) > 5 as ties,
         (select count(*) from sales_order where agreed_delivery_date::date - created_at::date >= 10) > 20 as late_sales,
         (select count(*) from purchase_order where agreed_delivery_date::date - created_at::date >= 10) > 20 as late_purchases,
         (select count(*) from sales_order s join design d using (design_id) where d.created_at > s.created_at) > 20 as designs_younger_than_order`,
    );
    expect(new Set(Object.values(found))).toEqual(new Set(['t']));
  });
});

describe('a weekday', () => {
  it('makes each order in one transaction of its own, and reports what it did', async () => {
    const { session, simulator } = await sourceUntil('2023-01-27');
    const before = await countRows(session);
    const day = await simulator.nextDay();
    const after = await countRows(session);

    const grown = TABLES.map((table) => [table, (after[table] ?? 0) - (before[table] ?? 0)] as const);
    expect(day.inserted).toEqual(Object.fromEntries(grown.filter(([, rows]) => rows > 0)));
    const [transactions] = await session.query(
      `select
         count(*) as rows,
         count(distinct t.xmin::text) as transactions,
         count(*) filter (where t.xmin = p.xmin and t.xmin in (s.xmin, o.xmin)) as together
       from "transaction" t
       join payment p using (transaction_id)
       left join sales_order s using (sales_order_id)
       left join purchase_order o using (purchase_order_id)
       where t.created_at >= '2023-01-30'`,
    );
    const rows = String(day.inserted.transaction);
    expect(transactions).toEqual({ rows, transactions: rows, together: rows });
    const paid = await one(
      session,
      `select count(*) as rows from payment where last_updated::date = '2023-01-30' and paid`,
    );
    expect(day.updated).toEqual({ payment: Number(paid.rows) });
  });

  it('never comes on a weekend', async () => {
    const { simulator } = await sourceUntil('2023-01-26');
    const days = [await simulator.nextDay(), await simulator.nextDay(), await simulator.nextDay()];
    expect(days.map(({ time }) => time.slice(0, 10))).toEqual(['2023-01-27', '2023-01-30', '2023-01-31']);
  });

  it('edits rows silently, so that five days show designs and orders changed with last_updated untouched', async () => {
    const { session, simulator } = await sourceUntil('2023-01-27');
    await session.query(`
      create temp table design_before as table design;
      create temp table sales_order_before as table sales_order;
      create temp table purchase_order_before as table purchase_order`);
    let week = await simulator.nextDay();
    for (let day = 0; day < 4; day += 1) week = addSummaries(week, await simulator.nextDay());

    const edited = await one(
      session,
      `select
         (select count(*) from design a join design_before b using (design_id, created_at, last_updated) where a.file_location <> b.file_location) as design,
         (select count(*) from sales_order a join sales_order_before b using (sales_order_id, created_at, last_updated) where a <> b) as sales_order,
         (select count(*) from purchase_order a join purchase_order_before b using (purchase_order_id, created_at, last_updated) where a <> b) as purchase_order`,
    );
    const { design = 0, sales_order = 0, purchase_order = 0 } = week.silent;
    expect(edited).toEqual({ design: `${design}`, sales_order: `${sales_order}`, purchase_order: `${purchase_order}` });
    expect(design).toBeGreaterThan(0);
    expect(sales_order + purchase_order).toBeGreaterThan(1);
  });

  it('can be as busy as one likes', async () => {
    const { session } = await sourceUntil('2022-11-10', { ordersPerWeekday: 3_000 });
    const { sales_order = 0, transaction = 0 } = await countRows(session);
    expect(transaction / 5).toBeGreaterThan(2_500);
    expect(transaction / 5).toBeLessThan(3_500);
    expect(sales_order / transaction).toBeCloseTo(0.7, 1);
  });
});

describe('deleting an order', () => {
  it('takes its transaction and payment along, and nothing else', async () => {
    const { session, simulator } = await sourceUntil('2022-11-30');
    await session.query('create temp table before as select sales_order_id, transaction_id from "transaction"');
    const before = await countRows(session);

    const { time, ...done } = await simulator.deleteOrder();

    expect(time).toBe('2022-11-30 19:00:00.000');
    expect(done).toEqual({
      inserted: {},
      updated: {},
      silent: {},
      deleted: { sales_order: 1, transaction: 1, payment: 1 },
    });
    const { sales_order = 0, transaction = 0, payment = 0 } = before;
    expect(await countRows(session)).toEqual({
      ...before,
      sales_order: sales_order - 1,
      transaction: transaction - 1,
      payment: payment - 1,
    });
    const missing = await one(
      session,
      `select
         count(*) as orders,
         count(*) filter (where exists (select from sales_order o where o.sales_order_id = before.sales_order_id)) as left_over,
         count(*) filter (where exists (select from payment p where p.transaction_id = before.transaction_id)) as unpaid_for
       from before
       where not exists (select from "transaction" t where t.transaction_id = before.transaction_id)`,
    );
    expect(missing).toEqual({ orders: '1', left_over: '0', unpaid_for: '0' });
  });
});

describe('the simulator refuses', () => {
  it('to load history over history', async () => {
    const { session, simulator } = await sourceUntil('2022-11-08');
    const before = await hashes(session);
    await expect(simulator.loadHistory()).rejects.toThrow(
      new TerminalError('totesys holds business up to 2022-11-08; history goes into empty tables only'),
    );
    expect(await hashes(session)).toEqual(before);
  });

  it('to go on without history', async () => {
    const simulator = await createSimulator({ session: await emptySource(), seed: 1 });
    const refusal = new TerminalError('totesys holds no business yet; load its history first');
    await expect(simulator.nextDay()).rejects.toThrow(refusal);
    await expect(simulator.tick()).rejects.toThrow(refusal);
    await expect(simulator.deleteOrder()).rejects.toThrow(refusal);
  });

  it('a date that does not exist', async () => {
    const simulator = await createSimulator({ session: await emptySource(), seed: 1 });
    await expect(simulator.loadHistory({ until: '2023-02-30' })).rejects.toThrow(
      new UsageError('2023-02-30 is no date; write yyyy-mm-dd'),
    );
  });

  it('half a history: a failure leaves the tables as they were', async () => {
    const session = await emptySource();
    await session.query('alter table payment add constraint impossible check (payment_id < 100)');
    const simulator = await createSimulator({ session, seed: 1 });
    await expect(simulator.loadHistory({ until: '2022-12-30' })).rejects.toThrow('impossible');
    expect(new Set(Object.values(await countRows(session)))).toEqual(new Set([0]));
  });
});

describe('the role weir', () => {
  it('reads every table, present and later, and writes none', async () => {
    const { session } = await sourceUntil('2022-11-08');
    await session.query(ROLE);
    await session.query(ROLE); // as often as you like
    await session.query('create table later (id int); insert into later values (1)');
    await session.query('set role weir');

    for (const table of [...TABLES, 'later']) {
      expect(await session.query(`select 1 as row from ${identifier(table)} limit 1`)).toEqual([{ row: '1' }]);
      await expect(session.query(`delete from ${identifier(table)}`)).rejects.toThrow('permission denied');
      await expect(session.query(`insert into ${identifier(table)} default values`)).rejects.toThrow(
        'permission denied',
      );
    }
    await expect(session.query('create table mine (id int)')).rejects.toThrow('permission denied');
  });
});
