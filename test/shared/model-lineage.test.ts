import { tmpdir } from 'node:os';
import { type Duckdb, openDuckdb } from '../../lambdas/shared/duckdb.ts';
import { createLineageReader, deriveLineage, type LineageReader } from '../../lambdas/shared/model-lineage.ts';

let duckdb: Duckdb;
let reader: LineageReader;
beforeAll(async () => {
  duckdb = await openDuckdb({ directory: tmpdir() });
  reader = await createLineageReader(duckdb, new Set(['codes', 'calendar']));
});
afterAll(() => duckdb.close());

const derive = (sql: string) => deriveLineage(reader, sql);

test('a plain select from one table works row by row, and its columns have their origins', async () => {
  expect(await derive('select id as order_id, upper(name) as name, price from "order"')).toEqual({
    tables: ['order'],
    seeds: [],
    joins: false,
    rowwise: true,
    origins: new Map([
      ['order_id', { table: 'order', column: 'id' }],
      ['price', { table: 'order', column: 'price' }],
    ]),
  });
});

test('a left join on a seed stays row by row; only qualified columns have an origin then', async () => {
  const lineage = await derive('select o.id, code, c.name from orders o left join codes c on c.code = o.code');
  expect(lineage).toMatchObject({ tables: ['orders'], seeds: ['codes'], joins: true, rowwise: true });
  expect([...lineage.origins]).toEqual([
    ['id', { table: 'orders', column: 'id' }],
    ['name', { table: 'codes', column: 'name' }],
  ]);
});

test('a model of seeds alone reads no table', async () => {
  expect(await derive('select day as date_id from calendar')).toMatchObject({ tables: [], rowwise: false });
});

test('tables come in the order of the text, common table expressions do not count', async () => {
  const sql =
    'with b as (select * from z) select y.id from y join b on b.id = y.id where exists (select 1 from x where x.id = y.id)';
  expect((await derive(sql)).tables.toSorted()).toEqual(['x', 'y', 'z']);
  expect((await derive('select s.id from staff s left join department d on d.id = s.d')).tables).toEqual([
    'staff',
    'department',
  ]);
});

test.each([
  ['a where clause', 'select id from t where active'],
  ['a group', 'select id, count(*) as n from t group by id'],
  ['an aggregate', 'select max(id) as id from t'],
  ['distinct', 'select distinct id from t'],
  ['a limit', 'select id from t limit 1'],
  ['an order', 'select id from t order by id'],
  ['a window', 'select id, row_number() over (order by id) as n from t'],
  ['a subquery', 'select id, (select max(id) from t) as m from t'],
  ['a common table expression', 'with u as (select id from t) select id from u'],
  ['a union', 'select id from t union all select id from t'],
  ['a star', 'select * from t'],
  ['a self join', 'select a.id from t a left join t b on a.id = b.parent'],
  ['an inner join on a seed', 'select t.id from t join codes on codes.code = t.code'],
  ['a seed on the left', 'select t.id from codes left join t on codes.code = t.code'],
  ['two tables', 'select t.id from t left join u on u.id = t.id'],
])('%s needs the whole table', async (_case, sql) => {
  expect((await derive(sql)).rowwise).toBe(false);
});

test.each([
  ['two statements', 'select 1 as a; select 2 as a', '2 statements; a model is one SELECT'],
  ['no select', 'delete from t', 'Only SELECT statements'],
  ['no SQL', 'selekt 1', 'syntax error'],
  ['the clock', 'select id, now() as loaded_at from t', 'now() differs from run to run'],
  ['chance', 'select id, random() as r from t', 'random() differs from run to run'],
  ['a new id', 'select uuid() as id, x from t', 'uuid() differs from run to run'],
])('%s is refused', async (_case, sql, message) => {
  await expect(derive(sql)).rejects.toThrow(message);
});
