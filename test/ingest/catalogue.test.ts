/** What the catalogue says of a table, and what its fingerprint notices. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { findTables, readCatalogue } from '../../lambdas/ingest/catalogue.ts';
import type { Session } from '../../lambdas/shared/session.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { connectTo } from '../support/scenario.ts';

let database: TestDatabase;
let session: Session;

beforeAll(async () => {
  database = await createTestDatabase('catalogue');
  session = await connectTo(database.url)();
});

afterAll(async () => {
  await session?.end();
  await database?.drop();
});

beforeEach(async () => {
  await session.query(`
    drop schema if exists shop cascade; create schema shop;
    create type shop.mood as enum ('ok');
    create table shop.item (
      price numeric(10,2), "The Name" varchar(20) not null, id int, colour shop.mood, kind char(2), tags text[], at timestamptz(3),
      twice int generated always as (id * 2) virtual, primary key (id, "The Name")
    );
    alter table shop.item drop kind;
    insert into shop.item values (1, 'a', 1)`);
});

const read = () => readCatalogue({ session, schema: 'shop', names: ['item'] });

test('columns stand in their order with PostgreSQL’s own names of types, the primary key in its own order', async () => {
  expect(await read()).toEqual([
    {
      name: 'item',
      sql: '"shop"."item"',
      columns: [
        { name: 'price', type: 'numeric(10,2)' },
        { name: 'The Name', type: 'character varying(20)' },
        { name: 'id', type: 'integer' },
        { name: 'colour', type: 'shop.mood' },
        { name: 'tags', type: 'text[]' },
        { name: 'at', type: 'timestamp(3) with time zone' },
        { name: 'twice', type: 'integer' },
      ],
      primaryKey: ['id', 'The Name'],
      fingerprint: expect.stringMatching(/^[0-9a-f]{32}$/),
    },
  ]);
});

test.each([
  [
    'rows that come, change and go',
    `insert into shop.item values (1, 'b', 2); update shop.item set price = 5; delete from shop.item`,
  ],
  ['another index', 'create index on shop.item (price)'],
  ['statistics and freezing', 'vacuum (freeze, analyze) shop.item'],
  ['a default for rows to come', 'alter table shop.item alter price set default 5'],
  ['a comment and a right', `comment on table shop.item is 'x'; grant select on shop.item to public`],
])('%s leave the fingerprint as it is', async (_, statement) => {
  const before = await read();
  for (const part of statement.split('; ')) await session.query(part);
  expect(await read()).toEqual(before);
});

test.each([
  ['a new column', 'alter table shop.item add note text'],
  ['a new column with a default', `alter table shop.item add note text default 'x'`],
  ['a column that goes', 'alter table shop.item drop price'],
  ['a column with another name', 'alter table shop.item rename price to cost'],
  ['another type', 'alter table shop.item alter price type numeric(12,2)'],
  ['a column that may not be empty', 'alter table shop.item alter price set not null'],
  ['TRUNCATE', 'truncate shop.item'],
  ['VACUUM FULL', 'vacuum full shop.item'],
  ['a renamed enum label', `alter type shop.mood rename value 'ok' to 'fine'`],
  ['another generating expression', 'alter table shop.item alter twice set expression as (id * 3)'],
  ['another primary key', 'alter table shop.item drop constraint item_pkey, add primary key (id)'],
])('%s changes the fingerprint', async (_, statement) => {
  const [before] = await read();
  await session.query(statement);
  const [after] = await read();
  expect(after?.fingerprint).not.toBe(before?.fingerprint);
});

test('the names of tables come back quoted, and a missing one is named beside those that are there', async () => {
  const names = (...names: string[]) => findTables({ session, schema: 'shop', names });
  expect(await names('item')).toEqual(['"shop"."item"']);
  await expect(names('item', 'ITEM', 'order')).rejects.toThrow(
    'the source has no table ITEM, order in schema shop, which the models read; it has: item',
  );
  await expect(findTables({ session, schema: 'nowhere', names: ['item'] })).rejects.toThrow(
    'the source has no table item in schema nowhere, which the models read; it has: none',
  );
});
