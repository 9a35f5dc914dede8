/** What became of the source's columns: said, accepted, or refused where a model would suffer. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { describeModels } from '../../lambdas/ingest/schema-change.ts';
import type { Dataset } from '../../lambdas/shared/dataset.ts';
import { openDuckdb } from '../../lambdas/shared/duckdb.ts';
import type { Column, IngestionManifest } from '../../lambdas/shared/manifest.ts';
import { datasetOf, previousBatch, tableOf } from '../support/previous-batch.ts';

const SQL = 'select id, price * 2 as double_price from item';
const COLUMNS: readonly Column[] = [
  { name: 'id', type: 'integer' },
  { name: 'price', type: 'numeric(10,2)' },
  { name: 'note', type: 'text' },
];

let folder: string;
let dataset: Dataset;
let previous: IngestionManifest;
let said: string[];
let opened: number;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weir-shape-'));
  dataset = await datasetOf({ models: { item: { sql: SQL, key: 'id' } }, warehouse: '' });
  const models = await describeNow(COLUMNS, { previous: undefined });
  previous = { ...previousBatch({ dataset, tables: [tableOf('item', { columns: COLUMNS })] }), models };
});

afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(() => {
  said = [];
  opened = 0;
});

function describeNow(
  columns: readonly Column[],
  change: { previous?: IngestionManifest | undefined; dataset?: Dataset } = {},
) {
  const table = { ...tableOf('item', { columns }), fingerprint: columns === COLUMNS ? 'shape of item' : 'another' };
  return describeModels({
    dataset,
    previous,
    ...change,
    tables: [table],
    openDuckdb: () => {
      opened += 1;
      return openDuckdb({ directory: folder });
    },
    log: { info: (message) => said.push(message), warn: (message) => said.push(`warning: ${message}`) },
  });
}

const changed = (name: string, type: string) =>
  COLUMNS.map((column) => (column.name === name ? { name, type } : column));

test('a model has its definition and the columns that it gives', () => {
  expect(previous.models).toEqual({
    item: {
      definition: dataset.models[0]?.definition,
      columns: [
        { name: 'id', type: 'INTEGER' },
        { name: 'double_price', type: 'DECIMAL(18,2)' },
      ],
    },
  });
});

test('tables and models of the same shape are not bound again', async () => {
  expect(await describeNow(COLUMNS)).toBe(previous.models);
  expect(opened).toBe(0);
});

describe('accepted', () => {
  test.each([
    ['a new column', [...COLUMNS, { name: 'extra', type: 'jsonb' }], 'item: new column extra jsonb'],
    ['a column that no model reads and that goes', COLUMNS.slice(0, 2), 'warning: item: column note is gone'],
    [
      'a column that no model reads and that has another type',
      changed('note', 'jsonb'),
      'warning: item: column note turned from text into jsonb',
    ],
  ])('%s is told', async (_, columns, message) => {
    expect(await describeNow(columns)).toEqual(previous.models);
    expect(said).toEqual([message]);
  });

  test('a model that casts keeps its type, whatever the source does', async () => {
    const models = { item: { sql: 'select id, cast(price as decimal(12,2)) as double_price from item', key: 'id' } };
    const casting = await datasetOf({ models, warehouse: '' });
    const before = { ...previous, models: await describeNow(COLUMNS, { dataset: casting, previous: undefined }) };
    expect(await describeNow(changed('price', 'text'), { dataset: casting, previous: before })).toEqual(before.models);
    expect(said).toEqual(['warning: item: column price turned from numeric(10,2) into text']);
  });

  test('a model of another definition may give other types', async () => {
    const models = { item: { sql: 'select id, price as double_price from item', key: 'id' } };
    const other = await datasetOf({ models, warehouse: '' });
    const described = await describeNow(COLUMNS, { dataset: other });
    expect(described.item?.columns[1]).toEqual({ name: 'double_price', type: 'DECIMAL(10,2)' });
  });
});

describe('refused', () => {
  test('another type of a column that a model gives', async () => {
    await expect(describeNow(changed('price', 'numeric(14,3)'))).rejects.toThrow(
      'the source changed under model item: its column double_price was DECIMAL(18,2) and is now DECIMAL(18,3); ' +
        'nothing was read. Cast it in the model, migrate the warehouse or undo the change',
    );
  });

  test('a column that a model reads and that is gone', async () => {
    await expect(describeNow(COLUMNS.filter(({ name }) => name !== 'price'))).rejects.toThrow(
      /^model item does not fit the source: .*price.*change the model or the source, nothing was read\. The source has: item \(id, note\)$/s,
    );
  });

  test('a model that does not give its key', async () => {
    const keyless = await datasetOf({ models: { item: { sql: 'select price from item', key: 'id' } }, warehouse: '' });
    await expect(describeNow(COLUMNS, { dataset: keyless })).rejects.toThrow(
      'model item gives no column id, its key; it gives price',
    );
  });
});
