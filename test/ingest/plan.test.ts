/** What a batch reads, from what changed and from what the models need. */
import { beforeAll, expect, test } from '@jest/globals';
import type { CatalogueTable } from '../../lambdas/ingest/catalogue.ts';
import type { Count } from '../../lambdas/ingest/census.ts';
import { isIncremental, type Plan, planBatch } from '../../lambdas/ingest/plan.ts';
import type { Dataset } from '../../lambdas/shared/dataset.ts';
import { datasetOf, previousBatch, tableOf } from '../support/previous-batch.ts';

const MODELS = {
  fact_sale: { sql: 'select sale_id, amount * 2 as amount from sale', key: 'sale_id' },
  dim_staff: {
    sql: 'select s.staff_id, d.name from staff s join department d on d.department_id = s.department_id',
    key: 'staff_id',
  },
  dim_place: { sql: 'select place_id, name from place', key: 'place_id' },
  dim_office: {
    sql: 'select o.office_id, p.name from office o join place p on p.place_id = o.place_id',
    key: 'office_id',
  },
};

const column = (name: string) => ({ name, type: 'integer' });
const TABLES: readonly CatalogueTable[] = [
  tableOf('department', { columns: [column('department_id'), column('name')], primaryKey: ['department_id'] }),
  tableOf('office', { columns: [column('office_id'), column('place_id')], primaryKey: ['office_id'] }),
  tableOf('place', { columns: [column('place_id'), column('name')], primaryKey: ['place_id'] }),
  tableOf('sale', { columns: [column('sale_id'), column('amount')], primaryKey: ['sale_id'] }),
  tableOf('staff', { columns: [column('staff_id'), column('department_id')], primaryKey: ['staff_id'] }),
];

let dataset: Dataset;

beforeAll(async () => {
  dataset = await datasetOf({ models: MODELS, warehouse: '' });
});

/** A census in which each table has the 100 rows of the batch before, and nothing new but what is said. */
function planOf(
  counts: Readonly<Record<string, Partial<Count>>>,
  change: Partial<Parameters<typeof planBatch>[0]> = {},
): Plan {
  const census = new Map(TABLES.map(({ name }) => [name, { rows: 100, changed: 0, ...counts[name] }]));
  return planBatch({
    dataset,
    previous: previousBatch({ dataset, tables: TABLES }),
    fullRead: undefined,
    tables: TABLES,
    census,
    ...change,
  });
}

const described = ({ cause, modes, affected }: Plan) => ({ cause, modes: Object.fromEntries(modes), affected });

test('where nothing changed, nothing is read', () => {
  expect(described(planOf({}))).toEqual({ cause: 'nothing changed: horizon refreshed', modes: {}, affected: [] });
});

test.each([
  ['written rows', { changed: 3 }],
  ['vanished rows', { rows: 99 }],
])('%s of a table with a model of its own are read alone', (_, count) => {
  expect(described(planOf({ sale: count }))).toEqual({
    cause: 'changes',
    modes: { sale: 'changes' },
    affected: ['fact_sale'],
  });
});

test('one changed row of a joined table takes all tables of the join whole', () => {
  expect(described(planOf({ department: { changed: 1 } }))).toEqual({
    cause: 'changes',
    modes: { department: 'whole', staff: 'whole' },
    affected: ['dim_staff'],
  });
});

test('a table that a join takes whole gives its other model too', () => {
  expect(described(planOf({ office: { changed: 1 } }))).toEqual({
    cause: 'changes',
    modes: { office: 'whole', place: 'whole' },
    affected: ['dim_place', 'dim_office'],
  });
});

test('a table of another shape is read whole, and its models are made anew', () => {
  const tables = TABLES.map((table) => (table.name === 'sale' ? { ...table, fingerprint: 'another' } : table));
  expect(described(planOf({}, { tables }))).toEqual({
    cause: 'structure changed: sale',
    modes: { sale: 'whole' },
    affected: ['fact_sale'],
  });
});

test('a model of another definition reads its tables whole', async () => {
  const models = { ...MODELS, fact_sale: { sql: 'select sale_id, amount * 3 as amount from sale', key: 'sale_id' } };
  const changed = await datasetOf({ models, warehouse: '' });
  expect(described(planOf({}, { dataset: changed }))).toEqual({
    cause: 'models changed: fact_sale',
    modes: { sale: 'whole' },
    affected: ['fact_sale'],
  });
});

test.each(['first read', 'another database'])('a full read (%s) reads every table whole', (fullRead) => {
  expect(described(planOf({}, { fullRead, census: new Map() }))).toEqual({
    cause: fullRead,
    modes: { department: 'whole', office: 'whole', place: 'whole', sale: 'whole', staff: 'whole' },
    affected: ['fact_sale', 'dim_staff', 'dim_place', 'dim_office'],
  });
});

test.each([
  ['the primary key of its table', 'select sale_id, amount from sale', 'sale_id', ['sale_id'], true],
  ['the primary key under another name', 'select sale_id as id, amount from sale', 'id', ['sale_id'], true],
  [
    'all of a composite primary key, in any order',
    'select amount, sale_id from sale',
    ['amount', 'sale_id'],
    ['sale_id', 'amount'],
    true,
  ],
  ['a part of the primary key', 'select sale_id, amount from sale', 'sale_id', ['sale_id', 'amount'], false],
  ['more than the primary key', 'select sale_id, amount from sale', ['sale_id', 'amount'], ['sale_id'], false],
  ['another column', 'select sale_id, amount from sale', 'amount', ['sale_id'], false],
  ['something computed', 'select sale_id + 1 as sale_id from sale', 'sale_id', ['sale_id'], false],
  ['no primary key at all', 'select sale_id from sale', 'sale_id', [], false],
  [
    'rows that one row is unfolded into',
    'select sale_id, unnest(amount) as amount from sale',
    'sale_id',
    ['sale_id'],
    false,
  ],
  ['a key behind a filter', 'select sale_id from sale where amount > 0', 'sale_id', ['sale_id'], false],
])('a model by %s follows from changed rows alone: %#', async (_, sql, key, primaryKey, expected) => {
  const { models } = await datasetOf({ models: { fact_sale: { sql, key } }, warehouse: '' });
  const catalogue = new Map([
    ['sale', tableOf('sale', { columns: [column('sale_id'), column('amount')], primaryKey })],
  ]);
  expect(models.map((model) => isIncremental(model, catalogue))).toEqual([expected]);
});
