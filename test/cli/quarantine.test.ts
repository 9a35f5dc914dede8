/** What waits in quarantine is summed up, shown in full, and tried again. */
import { lockOf } from '../../lambdas/load/ledger.ts';
import { connectTo, createScenario, type Scenario } from '../support/scenario.ts';
import { NOWHERE } from './parcels.ts';
import { type Outcome, weir } from './weir.ts';

const TECHNICAL = 'batch bigint not null, deleted boolean not null default false';

let scenario: Scenario;

beforeEach(async () => {
  scenario = await createScenario({
    source: `
      create table colour (colour_id int primary key, name text);
      create table item (item_id int primary key, colour_id int, price text);
      insert into colour values (1, 'red');
      insert into item values (1, 1, '1'), (2, 98, '2'), (3, 99, '3'), (4, 1, 'cheap'), (5, 1, null)`,
    warehouse: `
      create table dim_colour (colour_id int primary key, name text, ${TECHNICAL});
      create table fact_item (
        record_id serial primary key,
        item_id int not null,
        colour_id int not null references dim_colour,
        price numeric(8, 2) not null,
        ${TECHNICAL}
      )`,
    models: {
      dim_colour: { sql: 'select colour_id, name from colour', key: 'colour_id' },
      fact_item: {
        sql: 'select item_id, colour_id, cast(price as decimal(8, 2)) as price from item',
        key: 'item_id',
        apply: 'history',
      },
    },
  });
});

afterEach(() => scenario.close());

function quarantine(...args: readonly string[]): Promise<Outcome> {
  const { datasetFolder, warehouseUrl } = scenario;
  return weir(['quarantine', ...args, '--dataset', datasetFolder, '--warehouse', warehouseUrl]);
}

const json = async (...args: readonly string[]): Promise<unknown> => {
  const { code, stdout } = await quarantine(...args, '--json');
  expect(code).toBe(0);
  return JSON.parse(stdout);
};

const NOT_A_NUMBER = expect.stringMatching(/Could not convert string "cheap" to DECIMAL/);
const NO_COLOUR = 'colour_id (colour_id) = (…) is not in dim_colour';
const NO_PRICE = 'no value in price, which may not be empty';

test('before the first load nothing is in quarantine', async () => {
  expect(await quarantine('list')).toEqual({ code: 0, stdout: 'nothing is in quarantine\n', stderr: '' });
  expect(await quarantine('show')).toEqual({ code: 0, stdout: 'no such row is in quarantine\n', stderr: '' });
  expect(await quarantine('retry')).toEqual({
    code: 0,
    stdout: 'no row waits for a constraint of the warehouse\n',
    stderr: '',
  });
  expect(await json('list')).toEqual({ dataset: 'shop', groups: [] });
  expect(await json('show')).toEqual({ dataset: 'shop', total: 0, rows: [] });
  expect(await json('retry')).toEqual({ dataset: 'shop', models: [], groups: [] });
  expect(await scenario.warehouse.query(`select 1 from pg_namespace where nspname = 'star'`)).toEqual([]);
});

test('list sums up by reason, the largest group first', async () => {
  await scenario.run();
  await scenario.source.query(`insert into item values (6, 97, '6')`);
  await scenario.run();
  const group = { model: 'fact_item', firstBatch: 1, lastBatch: 1 };
  expect(await json('list')).toEqual({
    dataset: 'shop',
    groups: [
      { ...group, stage: 'load', reason: NO_COLOUR, rows: 3, lastBatch: 2 },
      { ...group, stage: 'load', reason: NO_PRICE, rows: 1 },
      { ...group, stage: 'transform', reason: NOT_A_NUMBER, rows: 1 },
    ],
  });
  expect(await json('list', '--model', 'dim_colour')).toEqual({ dataset: 'shop', groups: [] });

  const { code, stdout, stderr } = await quarantine('list');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^fact_item +load +3 {2}1–2 +colour_id \(colour_id\) = \(…\) is not in dim_colour$/m);
  expect(stdout).toMatch(/^fact_item +transform +1 {2}1 +.*"cheap"/m);
  expect(stdout).toMatch(/^the rows in full: weir quarantine show --model fact_item$/m);
  expect(stdout).toMatch(/^stage load, 4 rows: the warehouse refuses them; .*weir quarantine retry does so now$/m);
  expect(stdout).toMatch(/^stage transform, 1 row: the model fails on them; .*weir run brings them back$/m);
});

test('show gives the rows with all their columns', async () => {
  await scenario.run();
  const common = { model: 'fact_item', batch: 1, stage: 'load', sourceTable: null };
  expect(await json('show')).toEqual({
    dataset: 'shop',
    total: 4,
    rows: [
      {
        ...common,
        key: ['2'],
        reason: NO_COLOUR.replace('…', '98'),
        row: { item_id: '2', colour_id: '98', price: '2.00' },
      },
      {
        ...common,
        key: ['3'],
        reason: NO_COLOUR.replace('…', '99'),
        row: { item_id: '3', colour_id: '99', price: '3.00' },
      },
      {
        ...common,
        key: ['4'],
        stage: 'transform',
        reason: NOT_A_NUMBER,
        sourceTable: 'item',
        row: { item_id: '4', colour_id: '1', price: 'cheap' },
      },
      { ...common, key: ['5'], reason: NO_PRICE, row: { item_id: '5', colour_id: '1', price: null } },
    ],
  });

  const { code, stdout } = await quarantine('show', '--limit', '1');
  expect(code).toBe(0);
  expect(stdout).toBe(
    'fact_item 2, batch 1, load\n' +
      'colour_id (colour_id) = (98) is not in dim_colour\n' +
      '  price      "2.00"\n' +
      '  item_id    "2"\n' +
      '  colour_id  "98"\n' +
      '\n' +
      '1 of 4 rows; --limit 4 shows all\n',
  );
});

test('show takes the rows of one batch', async () => {
  await scenario.run();
  await scenario.source.query(`insert into item values (6, 97, '6')`);
  await scenario.run();
  expect(await json('show', '--batch', '2', '--model', 'fact_item')).toMatchObject({
    total: 1,
    rows: [{ key: ['6'], batch: 2 }],
  });
  expect(await json('show', '--batch', '3')).toEqual({ dataset: 'shop', total: 0, rows: [] });
});

test('retry brings back what the warehouse takes now, and says why the rest waits', async () => {
  await scenario.run();
  await scenario.warehouse.query(`
    alter table fact_item alter price drop not null;
    insert into dim_colour values (98, 'beige', 1)`);
  const ledger = await scenario.warehouse.query('select * from weir_ledger');
  const { code, stdout } = await quarantine('retry');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^fact_item +2 +1 {2}colour_id \(colour_id\) = \(99\) is not in dim_colour$/m);
  expect(stdout).toMatch(/^stage transform, 1 row: the model fails on them; mend the source row or the model/m);
  expect(await scenario.warehouse.query('select * from fact_item order by record_id')).toEqual([
    { record_id: '1', item_id: '1', colour_id: '1', price: '1.00', batch: '1', deleted: 'f' },
    { record_id: '2', item_id: '2', colour_id: '98', price: '2.00', batch: '1', deleted: 'f' },
    { record_id: '3', item_id: '5', colour_id: '1', price: null, batch: '1', deleted: 'f' },
  ]);
  expect(await scenario.warehouse.query('select * from weir_ledger')).toEqual(ledger);

  expect(await json('retry', '--model', 'fact_item')).toEqual({
    dataset: 'shop',
    models: [{ model: 'fact_item', returned: 0, waiting: 1 }],
    groups: [
      expect.objectContaining({ stage: 'load', rows: 1, reason: NO_COLOUR.replace('…', '99') }),
      expect.objectContaining({ stage: 'transform', rows: 1 }),
    ],
  });
});

test('retry while a loader is at work is refused and changes nothing', async () => {
  await scenario.run();
  await scenario.warehouse.query(`insert into dim_colour values (98, 'beige', 1)`);
  const loader = await connectTo(scenario.warehouseUrl)();
  await loader.query('begin');
  await loader.query('select pg_advisory_xact_lock($1::bigint)', [lockOf('star')]);
  const { code, stdout, stderr } = await quarantine('retry');
  await loader.end();
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toBe('weir: load shop: a loader is at work; nothing was changed, retry when it is done\n');
  expect(await scenario.warehouse.query('select count(*) from weir_quarantine')).toEqual([{ count: '4' }]);
});

test.each([
  [['list', '--model', 'fact_itm'], /^weir: there is no model "fact_itm" in shop; valid: dim_colour, fact_item\n$/],
  [
    ['show', '--limit', '0'],
    /^weir: option '--limit <n>' argument '0' is invalid\. Give a whole number from 1 to 1000000\.\n/,
  ],
  [['show', '--batch', 'last'], /^weir: option '--batch <n>' argument 'last' is invalid/],
  [['tell'], /^weir: unknown command 'tell'\n.*list.*show.*retry/s],
])('misused: weir quarantine %j', async (args, message) => {
  const { code, stdout, stderr } = await quarantine(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(message);
});

test('without a command it shows those that exist, and has been misused', async () => {
  const { code, stdout, stderr } = await weir(['quarantine']);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^Usage: weir quarantine .*list.*show.*retry/s);
});

test('a warehouse out of reach is told without its password', async () => {
  const { code, stdout, stderr } = await weir([
    ...['quarantine', 'list', '--dataset', scenario.datasetFolder, '--warehouse', NOWHERE],
  ]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^weir: warehouse 127\.0\.0\.1:1\/nowhere as somebody: connect ECONNREFUSED/);
});

test.each(['list', 'show', 'retry'])('weir quarantine %s --help has an example', async (command) => {
  const { code, stdout } = await weir(['quarantine', command, '--help']);
  expect(code).toBe(0);
  expect(stdout).toMatch(new RegExp(`Example:\n.*  npx weir quarantine ${command}`, 's'));
});
