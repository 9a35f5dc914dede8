/** How many rows may vanish before a batch is refused. */
import { beforeAll, expect, test } from '@jest/globals';
import { MassDeleteError, refuseMassDelete } from '../../lambdas/ingest/breaker.ts';
import type { Dataset } from '../../lambdas/shared/dataset.ts';
import { datasetOf, previousBatch, tableOf } from '../support/previous-batch.ts';

const models = { item: { sql: 'select id from item', key: 'id' } };
let dataset: Dataset;

beforeAll(async () => {
  dataset = await datasetOf({ models, warehouse: '', maxDeleteShare: 0.2 });
});

const judge =
  (before: number, rows: number, share = 0.2) =>
  () =>
    refuseMassDelete({
      dataset: { ...dataset, maxDeleteShare: share },
      previous: previousBatch({ dataset, tables: [tableOf('item')], rows: before }),
      census: new Map([['item', { rows, changed: 0 }]]),
    });

test.each([
  ['the whole of a small table', 10, 0],
  ['exactly the share', 100, 80],
  ['nothing', 100, 100],
  ['a table that grows', 100, 1000],
])('%s passes', (_, before, rows) => expect(judge(before, rows)).not.toThrow());

test.each([
  ['one row more than the share', 100, 79, 21],
  ['one row more than is always allowed', 11, 0, 11],
  ['all of a large table', 1_000_000, 0, 1_000_000],
])('%s is refused with both numbers and the way out', (_, before, rows, gone) => {
  expect(judge(before, rows)).toThrow(MassDeleteError);
  expect(judge(before, rows)).toThrow(
    `ingest shop/item batch 8: ${gone} of ${before} rows are gone, more than max_delete_share 0.2 allows; nothing was written. ` +
      'If the rows were meant to go, run once with --accept-deletes',
  );
});

test('a share of 1 lets everything go, a share of 0 ten rows', () => {
  expect(judge(1000, 0, 1)).not.toThrow();
  expect(judge(1000, 990, 0)).not.toThrow();
  expect(judge(1000, 989, 0)).toThrow('11 of 1000 rows are gone');
});

test('a table that the batch before does not know cannot lose rows', () => {
  const previous = previousBatch({ dataset, tables: [] });
  expect(() =>
    refuseMassDelete({ dataset, previous, census: new Map([['item', { rows: 0, changed: 0 }]]) }),
  ).not.toThrow();
  expect(() => refuseMassDelete({ dataset, previous: undefined, census: new Map() })).not.toThrow();
});
