import { answerReports } from '../../bin/reports/answer-reports.ts';
import { connect } from '../../lambdas/shared/postgres.ts';
import {
  BROKEN,
  BY_MONTH,
  BY_PRODUCT,
  bookBatch,
  createShop,
  fillShop,
  HOSTILE,
  NOTHING,
  report,
  type Shop,
} from './shop.ts';

let shop: Shop;
beforeEach(async () => {
  shop = await createShop();
});
afterEach(() => shop.remove());

const HEAD = { batch: 41, capturedAt: '2026-11-21T07:03:00.123Z' };

test('answers are exact texts in the order of the report, with the batch that they are of; a broken report hides no other', async () => {
  await fillShop(shop);
  expect(await answerReports({ ...shop.place, reports: [BY_PRODUCT, BROKEN, NOTHING, BY_MONTH] })).toEqual({
    head: HEAD,
    answers: [
      {
        report: BY_PRODUCT,
        columns: [
          { name: 'product', numeric: false },
          { name: 'units_sold', numeric: true },
        ],
        rows: expect.arrayContaining([
          [HOSTILE, '2000'],
          ['Bag', '2100'],
          ['Cup', '3'],
          [null, '1'],
        ]),
      },
      { report: BROKEN, error: expect.stringContaining('relation "nowhere" does not exist (42P01)') },
      {
        report: NOTHING,
        columns: [
          { name: 'product', numeric: false },
          { name: 'units', numeric: false },
        ],
        rows: [],
      },
      {
        report: BY_MONTH,
        columns: [
          { name: 'month', numeric: false },
          { name: 'currency', numeric: false },
          { name: 'revenue', numeric: true },
        ],
        rows: [
          ['2026-10', 'EUR', '0.50'],
          ['2026-10', 'GBP', '1234567.89'],
          ['2026-11', 'EUR', '-7.00'],
          ['2026-11', 'GBP', '100.00'],
        ],
      },
    ],
  });
});

test('a batch that arrives while reports are answered is seen by none of them', async () => {
  await fillShop(shop);
  const count = report('count', '-- How many?\nselect count(*) as sales from sale');
  const warehouse = async () => {
    const session = await shop.place.warehouse();
    const query: typeof session.query = async (sql, values) => {
      const rows = await session.query(sql, values);
      if (!sql.includes('from weir_ledger')) return rows as never;
      await shop.session.query('delete from sale'); // committed between the head and the first report
      await bookBatch(shop.session, 42, '2026-11-22 00:00:00+00');
      return rows as never;
    };
    return { ...session, query };
  };
  expect(await answerReports({ ...shop.place, warehouse, reports: [count] })).toEqual({
    head: HEAD,
    answers: [{ report: count, columns: [{ name: 'sales', numeric: true }], rows: [['5']] }],
  });
});

test('a report cannot change the warehouse', async () => {
  await fillShop(shop);
  const reports = [
    report('writes', '-- May I?\nwith gone as (delete from sale returning *) select count(*) from gone'),
    report('leaves', '-- May I?\nselect 1) as report on true; commit; delete from sale; select (1'),
    report('sets', "-- May I?\nselect nextval('counter')"),
  ];
  await shop.session.query('create sequence counter');
  const { answers } = await answerReports({ ...shop.place, reports });
  expect(answers.map((answer) => 'error' in answer)).toEqual([true, true, true]);
  expect(await shop.session.query('select count(*) from sale')).toEqual([{ count: '5' }]);
});

test.each([
  ['x: colour', 'a bar by a column that is not there', 'which is no column; valid: product, units'],
  ['y: product', 'a height that is no number', 'which holds other values than numbers'],
])('a chart with %s, %s, is an error', async (key, _, said) => {
  await fillShop(shop);
  const [name = '', column = ''] = key.split(': ');
  const chart = { x: 'product', y: 'units', [name]: column };
  const wrong = report(
    'wrong',
    `-- What?\n-- chart: { kind: bar, x: ${chart.x}, y: ${chart.y} }\nselect product, units from sale`,
  );
  expect(await answerReports({ ...shop.place, reports: [wrong] })).toEqual({
    head: HEAD,
    answers: [{ report: wrong, error: `the chart of wrong names ${key}, ${said}` }],
  });
});

test('before the first batch, and before the first table, nothing is asked', async () => {
  expect(await answerReports({ ...shop.place, reports: [BROKEN] })).toEqual({ head: undefined, answers: [] });
  await shop.session.query('drop schema "the shop" cascade');
  expect(await answerReports({ ...shop.place, reports: [BROKEN] })).toEqual({ head: undefined, answers: [] });
});

test('a warehouse that cannot be reached is an error of all, without its password', async () => {
  const warehouse = () => connect({ url: 'postgres://somebody:unseen-secret@127.0.0.1:1/nowhere', role: 'warehouse' });
  const error = await answerReports({ ...shop.place, warehouse, reports: [BROKEN] }).catch(String);
  expect(error).toMatch(/ECONNREFUSED/);
  expect(error).not.toContain('unseen-secret');
});

test('a connection that is lost on the way is an error of all', async () => {
  await fillShop(shop);
  const suicide = report('suicide', '-- Who goes?\nselect pg_terminate_backend(pg_backend_pid())');
  await expect(answerReports({ ...shop.place, reports: [suicide, BY_MONTH] })).rejects.toThrow('warehouse');
});
