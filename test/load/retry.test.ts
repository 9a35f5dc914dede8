import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readDataset } from '../../bin/pipeline.ts';
import { type RetriedModel, retryWaiting } from '../../lambdas/load/retry.ts';
import { connectTo, createScenario, type Scenario } from '../support/scenario.ts';

const TECHNICAL = 'batch bigint not null, deleted boolean not null default false';

let scenario: Scenario;

beforeEach(async () => {
  scenario = await createScenario({
    source: `
      create table author (author_id int primary key, country text, name text);
      create table book (book_id int primary key, author_id int, pages int);
      insert into author values (1, 'fr', 'Sand'), (2, null, 'Anonymous');
      insert into book values (1, 1, 300), (2, 2, 200), (3, 2, null)`,
    warehouse: `
      create table dim_author (author_id int primary key, country text not null, name varchar(9), ${TECHNICAL});
      create table dim_book (book_id int primary key, author_id int references dim_author, pages int not null, ${TECHNICAL})`,
    models: {
      dim_book: { sql: 'select book_id, author_id, pages from book', key: 'book_id' },
      dim_author: { sql: 'select author_id, country, name from author', key: 'author_id' },
    },
  });
  await scenario.run();
});

afterEach(() => scenario.close());

async function retry(model?: string): Promise<RetriedModel[]> {
  const dataset = await readDataset(scenario.datasetFolder);
  return retryWaiting({ dataset, connect: connectTo(scenario.warehouseUrl), model });
}

const waiting = () =>
  scenario.warehouse.query('select model, source_key, batch, reason from weir_quarantine order by model, source_key');

test('rows that wait for rows that wait come back in the same retry', async () => {
  await scenario.warehouse.query('alter table dim_author alter country drop not null');
  expect(await retry()).toEqual([
    { model: 'dim_author', returned: 1, waiting: 0 },
    { model: 'dim_book', returned: 1, waiting: 1 },
  ]);
  expect(await waiting()).toEqual([
    { model: 'dim_book', source_key: '["3"]', batch: '1', reason: 'no value in pages, which may not be empty' },
  ]);
  expect(await scenario.warehouse.query('select book_id, author_id, batch from dim_book order by 1')).toEqual([
    { book_id: '1', author_id: '1', batch: '1' },
    { book_id: '2', author_id: '2', batch: '1' },
  ]);
});

test('a row that waits for something else now says so', async () => {
  expect((await waiting()).at(-1)).toMatchObject({ reason: 'no value in pages, which may not be empty' });
  await scenario.warehouse.query('alter table dim_book alter pages drop not null');
  expect(await retry('dim_book')).toEqual([{ model: 'dim_book', returned: 0, waiting: 2 }]);
  expect((await waiting()).at(-1)).toEqual({
    model: 'dim_book',
    source_key: '["3"]',
    batch: '1',
    reason: 'author_id (author_id) = (2) is not in dim_author',
  });
});

test('a migration that is not applied yet is applied before', async () => {
  const migration = join(scenario.datasetFolder, 'warehouse', '002-pages.sql');
  writeFileSync(
    migration,
    'alter table dim_author alter country drop not null; alter table dim_book alter pages drop not null',
  );
  expect(await retry()).toEqual([
    { model: 'dim_author', returned: 1, waiting: 0 },
    { model: 'dim_book', returned: 2, waiting: 0 },
  ]);
  expect(await waiting()).toEqual([]);
});

test('a value that did not fit comes back when its column is wide enough', async () => {
  await scenario.source.query(`update author set country = 'us', name = 'Twain, Mark' where author_id = 2`);
  await scenario.run();
  expect(await waiting()).toMatchObject([
    { model: 'dim_author', reason: 'name: value too long for type character varying(9)' },
    { model: 'dim_book' },
    { model: 'dim_book' },
  ]);
  expect(await retry('dim_author')).toEqual([{ model: 'dim_author', returned: 0, waiting: 1 }]);
  await scenario.warehouse.query('alter table dim_author alter name type text');
  expect(await retry('dim_author')).toEqual([{ model: 'dim_author', returned: 1, waiting: 0 }]);
  expect(await scenario.warehouse.query('select name, batch from dim_author where author_id = 2')).toEqual([
    { name: 'Twain, Mark', batch: '2' },
  ]);
});

test('with nothing that waits it does nothing, twice', async () => {
  await scenario.source.query(`update author set country = 'gb'; update book set pages = 1`);
  await scenario.run();
  expect(await retry()).toEqual([]);
  expect(await retry()).toEqual([]);
});

test('the batches after a retry go on as without it', async () => {
  await scenario.warehouse.query('alter table dim_author alter country drop not null');
  await retry();
  await scenario.source.query(`update author set name = 'Unknown' where author_id = 2; update book set pages = 5`);
  const { loaded } = await scenario.run();
  expect(loaded.map(({ models }) => [models.dim_author?.changed, models.dim_book])).toEqual([
    [1, { inserted: 1, changed: 2, deleted: 0, unchanged: 0, quarantined: 0 }],
  ]);
  expect(await waiting()).toEqual([]);
});
