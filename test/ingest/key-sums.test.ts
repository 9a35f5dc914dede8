/** Key sums on a real server: a vanished key is in a range that differs, and only such ranges are listed. */

import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { readCatalogue } from '../../lambdas/ingest/catalogue.ts';
import { differingRanges, type KeySum, listKeysSql, sumKeys } from '../../lambdas/ingest/key-sums.ts';
import type { KeyRanges } from '../../lambdas/shared/manifest.ts';
import type { Session } from '../../lambdas/shared/session.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { tableOf } from '../support/previous-batch.ts';
import { connectTo } from '../support/scenario.ts';

let database: TestDatabase;
let session: Session;

beforeAll(async () => {
  database = await createTestDatabase('keys');
  session = await connectTo(database.url)();
});

afterAll(async () => {
  await session?.end();
  await database?.drop();
});

beforeEach(async () => {
  await session.query(`
    drop table if exists item, pair;
    create table item (id bigint primary key, v int); create table pair (a text, b int, primary key (a, b));
    insert into item select n, 0 from generate_series(0, 20000) n; insert into pair select n::text, n from generate_series(1, 5) n`);
});

async function table(name: string) {
  const [found] = await readCatalogue({ session, schema: 'public', names: [name] });
  return found ?? tableOf(name);
}

/** What differs after the statement. */
async function rangesAfter(name: string, statement: string): Promise<KeyRanges | undefined> {
  const before = await sumKeys(session, await table(name));
  for (const part of statement.split('; ')) await session.query(part);
  return differingRanges(await table(name), before, await sumKeys(session, await table(name)));
}

async function listed(name: string, ranges: KeyRanges): Promise<string[]> {
  const sink = new PassThrough();
  const [content] = await Promise.all([text(sink), session.copyOut(listKeysSql(await table(name), ranges), sink)]);
  return content.trimEnd().split('\n').slice(1);
}

test('the same keys have the same sums, whatever happens beside the keys', async () => {
  expect(await rangesAfter('item', 'update item set v = id; vacuum full item')).toBeUndefined();
  expect(
    await rangesAfter(
      'pair',
      `update pair set b = b; delete from pair where a = '1'; insert into pair values ('1', 1)`,
    ),
  ).toBeUndefined();
});

test('a range holds 4,096 keys, and one sum of it has their number and the xor of their hashes', async () => {
  const sums = await sumKeys(session, await table('item'));
  expect(sums.map(([range, rows]) => [range, rows])).toEqual([
    ['0', '4096'],
    ['1', '4096'],
    ['2', '4096'],
    ['3', '4096'],
    ['4', '3617'],
  ]);
  expect(new Set(sums.map(([, , xor]) => xor)).size).toBe(5);
});

test.each([
  ['one key', 'delete from item where id = 5000', [['4096', '8191']]],
  ['keys of two ranges that touch', 'delete from item where id in (4095, 4096)', [['0', '8191']]],
  [
    'keys of two ranges apart',
    'delete from item where id in (1, 9000)',
    [
      ['0', '4095'],
      ['8192', '12287'],
    ],
  ],
  ['a key that another replaces', 'update item set id = -1 where id = 3', [['0', '4095']]],
  ['a whole range', 'delete from item where id between 8192 and 12287', [['8192', '12287']]],
  ['all keys', 'delete from item', [['0', '20479']]],
])('of %s that vanish, the ranges are listed and no other', async (_, statement, ranges) => {
  expect(await rangesAfter('item', statement)).toEqual(ranges);
});

test('new keys in ranges that had none are nothing to list', async () => {
  expect(
    await rangesAfter('item', 'insert into item values (-1), (9223372036854775807), (-9223372036854775808)'),
  ).toBeUndefined();
});

test('keys at both ends of 64 bit vanish like any other', async () => {
  await session.query(
    'insert into item values (9223372036854775807), (9223372036854775806), (-9223372036854775808), (-1)',
  );
  const ranges = await rangesAfter(
    'item',
    'delete from item where id in (9223372036854775807, -9223372036854775808, -1)',
  );
  expect(ranges).toEqual([
    ['-9223372036854775808', '-9223372036854771713'],
    ['-4096', '-1'],
    ['9223372036854771712', '9223372036854775807'],
  ]);
  expect(await listed('item', ranges ?? 'all')).toEqual(['9223372036854775806']);
});

test('a composite key has one sum, and all its keys are listed when one is gone', async () => {
  const ranges = await rangesAfter('pair', `delete from pair where a = '3'`);
  expect(ranges).toBe('all');
  expect(await listed('pair', 'all')).toEqual(['1,1', '2,2', '4,4', '5,5']);
});

test('composite keys that look alike when joined are told apart', async () => {
  await session.query(
    `truncate pair; create table texts (a text, b text, primary key (a, b)); insert into texts values ('a,b', 'c')`,
  );
  expect(await rangesAfter('texts', `update texts set a = 'a', b = 'b,c'`)).toBe('all');
});

test('without sums of the batch before, everything is listed', () => {
  const none: readonly KeySum[] | undefined = undefined;
  expect(differingRanges(tableOf('item'), none, [])).toBe('all');
});
