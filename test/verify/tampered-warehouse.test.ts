/** The verifier sees every row that somebody dropped, doubled or altered in the warehouse, and touches nothing itself. */
import type { Example } from '../../bin/verify/examples.ts';
import { connect } from '../../lambdas/shared/postgres.ts';
import type { Scenario } from '../support/scenario.ts';
import { SCHEMA } from '../support/scenario.ts';
import { readContents } from '../support/warehouse-contents.ts';
import { createShop, filesIn, unequal, verifyShop } from './shop.ts';

let shop: Scenario;

beforeAll(async () => {
  shop = await createShop();
  await shop.run();
  await shop.source.query(`
    update orders set amount = '99.00' where order_id in (3, 4);
    delete from orders where order_id = 12;
    delete from customer where customer_id = 12`);
  await shop.run();
});

afterAll(() => shop.close());

const GREEN = { missing: 0, extra: 0, different: 0, quarantined: 0, pending: 0, examples: [], notes: [] };

test('after a run every row is equal', async () => {
  expect(await verifyShop(shop)).toEqual({
    dataset: 'shop',
    sourceAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    batch: { number: 2, capturedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) },
    inseparable: undefined,
    tables: [
      { table: 'dim_customer', apply: 'latest', rows: 11, equal: 11, ...GREEN },
      { table: 'dim_town', apply: 'latest', rows: 3, equal: 3, ...GREEN },
      { table: 'fact_order', apply: 'history', rows: 11, equal: 11, ...GREEN },
      { table: 'click', apply: 'events', rows: 12, equal: 12, ...GREEN },
    ],
    lastUpdated: undefined,
  });
});

const example = (difference: Example['difference'], key: Example['key'], more: Partial<Example> = {}): Example => ({
  difference,
  key,
  reason: null,
  columns: {},
  ...more,
});

const values = (column: string, source: string | null, warehouse: string | null) => ({
  columns: { [column]: { source, warehouse } },
});

/** An insert of a copy of some rows of a table, with other values in some of its columns. */
const copyOf = (table: string, where: string, change: Readonly<Record<string, string>> = {}) => `
  insert into ${table}
  select (r).*
  from (
    select jsonb_populate_record(t, jsonb_build_object(${Object.entries(change).map(([name, value]) => `'${name}', ${value}`)})) as r
    from ${table} t
    where ${where}
  ) copies`;

const unkeyed = (table: string) => `alter table ${table} drop constraint ${table}_pkey cascade`;

test.each<[string, string, Record<string, object>, Example[]]>([
  [
    'a dropped row of latest',
    'delete from dim_town where town_id = 2',
    { dim_town: { rows: 3, equal: 2, missing: 1 } },
    [example('missing', { town_id: '2' })],
  ],
  [
    'a row of latest marked deleted',
    'update dim_customer set deleted = true where customer_id = 5',
    { dim_customer: { rows: 11, equal: 10, missing: 1 } },
    [example('missing', { customer_id: '5' })],
  ],
  [
    'a row of latest whose source row is gone, not marked deleted',
    'update dim_customer set deleted = false where customer_id = 12',
    { dim_customer: { rows: 11, equal: 11, extra: 1 } },
    [example('extra', { customer_id: '12' })],
  ],
  [
    'a doubled row of latest',
    `${unkeyed('dim_customer')}; ${copyOf('dim_customer', 'customer_id = 5')}`,
    { dim_customer: { rows: 11, equal: 11, extra: 1 } },
    [example('extra', { customer_id: '5' }, { reason: 'a second row of this key' })],
  ],
  [
    'an altered row of latest',
    `update dim_customer set name = 'Mallory', town_id = null where customer_id = 5`,
    { dim_customer: { rows: 11, equal: 10, different: 1 } },
    [
      example(
        'different',
        { customer_id: '5' },
        {
          columns: {
            name: { source: 'customer 5', warehouse: 'Mallory' },
            town_id: { source: '3', warehouse: null },
          },
        },
      ),
    ],
  ],
  [
    'a dropped version of a history, the only one of its key',
    'delete from fact_order where order_id = 7',
    { fact_order: { rows: 11, equal: 10, missing: 1 } },
    [example('missing', { order_id: '7' })],
  ],
  [
    'a dropped version of a history, the newest of two',
    'delete from fact_order where order_id = 3 and batch = 2',
    { fact_order: { rows: 11, equal: 10, different: 1 } },
    [example('different', { order_id: '3' }, values('amount', '99.00', '3.50'))],
  ],
  [
    'a dropped version that says that a row of a history was deleted',
    'delete from fact_order where deleted',
    { fact_order: { rows: 11, equal: 11, extra: 1 } },
    [example('extra', { order_id: '12' })],
  ],
  [
    'a doubled version of a history',
    copyOf('fact_order', 'order_id = 3 and batch = 2', { record_id: '1000' }),
    { fact_order: { rows: 11, equal: 11, extra: 1 } },
    [example('extra', { order_id: '3' }, { reason: 'the same version twice' })],
  ],
  [
    'a doubled version of a history, record id and all',
    `${unkeyed('fact_order')}; ${copyOf('fact_order', 'order_id = 3 and batch = 1')}`,
    { fact_order: { rows: 11, equal: 11, extra: 1 } },
    [example('extra', { order_id: '3' }, { reason: 'the same version twice' })],
  ],
  [
    'an older version of a history made the newest',
    copyOf('fact_order', 'order_id = 3 and batch = 1', { record_id: '1000' }),
    { fact_order: { rows: 11, equal: 10, different: 1 } },
    [example('different', { order_id: '3' }, values('amount', '99.00', '3.50'))],
  ],
  [
    'an altered row of a history',
    `update fact_order set amount = 4.51 where order_id = 5`,
    { fact_order: { rows: 11, equal: 10, different: 1 } },
    [example('different', { order_id: '5' }, values('amount', '5.50', '4.51'))],
  ],
  [
    'a dropped event',
    'delete from click where click_id = 9',
    { click: { rows: 12, equal: 11, missing: 1 } },
    [example('missing', { click_id: '9' })],
  ],
  [
    'a doubled event',
    `${unkeyed('click')}; ${copyOf('click', 'click_id = 9')}`,
    { click: { rows: 12, equal: 12, extra: 1 } },
    [example('extra', { click_id: '9' }, { reason: 'a second row of this key' })],
  ],
  [
    'an altered event',
    `update click set page = '' where click_id = 9`,
    { click: { rows: 12, equal: 11, different: 1 } },
    [example('different', { click_id: '9' }, values('page', 'page 9', ''))],
  ],
])('%s is seen', async (_, tamper, expected, examples) => {
  await shop.warehouse.query(
    `create schema saved; ${eachTable((table) => `create table saved.${table} as table ${table}`)}`,
  );
  try {
    await shop.warehouse.query(tamper);
    const verification = await verifyShop(shop);
    expect(unequal(verification)).toEqual(expected);
    expect(verification.tables.flatMap((table) => table.examples)).toEqual(examples);
  } finally {
    await shop.warehouse.query(`
      truncate ${TABLES.join(', ')};
      ${eachTable((table) => `insert into ${table} table saved.${table}`)};
      ${eachTable((table, key) => `alter table ${table} drop constraint if exists ${table}_pkey cascade; alter table ${table} add primary key (${key})`)};
      alter table fact_order drop constraint if exists fact_order_customer_id_fkey;
      alter table fact_order add foreign key (customer_id) references dim_customer;
      drop schema saved cascade`);
  }
});

const KEYS = { dim_customer: 'customer_id', dim_town: 'town_id', fact_order: 'record_id', click: 'click_id' };
const TABLES = Object.keys(KEYS);

function eachTable(sql: (table: string, key: string) => string): string {
  return Object.entries(KEYS)
    .map(([table, key]) => sql(table, key))
    .join('; ');
}

test('of many differences ten are shown, the kinds by turns, long values cut to where they differ', async () => {
  const long = 'x'.repeat(1000);
  await shop.source.query(`insert into click select n, '${long}' || n from generate_series(100, 120) n`);
  await shop.run();
  await shop.warehouse.query(`
    update click set page = '${long}' || 'y' where click_id = 100;
    delete from click where click_id > 100`);
  const [{ examples = [], ...click } = {}] = (await verifyShop(shop)).tables.filter(({ table }) => table === 'click');
  expect(click).toMatchObject({ rows: 33, equal: 12, missing: 20, different: 1 });
  expect(examples).toEqual([
    example('different', { click_id: '100' }, values('page', `…${'x'.repeat(20)}100`, `…${'x'.repeat(20)}y`)),
    ...Array.from({ length: 9 }, (_, index) => example('missing', { click_id: String(101 + index) })),
  ]);
  await shop.source.query('delete from click where click_id >= 100');
  await shop.warehouse.query('delete from click where click_id >= 100');
});

test('lake, warehouse and source are as they were before', async () => {
  const look = async () => ({
    lake: filesIn(shop.lakeFolder),
    warehouse: await readContents(shop.warehouse, SCHEMA),
    source: await readContents(shop.source, 'public'),
    relations: await shop.warehouse.query('select oid, relname, relfilenode from pg_class order by oid'),
  });
  const before = await look();
  await verifyShop(shop);
  expect(await look()).toEqual(before);
});

test('SELECT on the source, SELECT and TEMPORARY on the warehouse are enough', async () => {
  const role = `verifier_${process.pid}`;
  const grant = (schema: string) => `
    create role ${role} login password 'pass';
    grant usage on schema ${schema} to ${role};
    grant select on all tables in schema ${schema} to ${role}`;
  const as = (url: string) => () =>
    connect({ url: Object.assign(new URL(url), { username: role, password: 'pass' }).href, role: 'test' });
  await shop.source.query(grant('public'));
  await shop.warehouse.query(grant(SCHEMA));
  try {
    const verification = await verifyShop(shop, { source: as(shop.sourceUrl), warehouse: as(shop.warehouseUrl) });
    expect(unequal(verification)).toEqual({});
  } finally {
    for (const session of [shop.source, shop.warehouse])
      await session.query(`drop owned by ${role}; drop role ${role}`);
  }
});

test('a load that holds a table is not waited for', async () => {
  await shop.warehouse.query('begin; lock table click');
  await expect(verifyShop(shop)).rejects.toThrow(
    /could not obtain lock on relation "click" .*; another session holds a lock/,
  );
  await shop.warehouse.query('rollback');
});
