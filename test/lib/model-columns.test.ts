/** The columns that the catalogue shows are those that the models give, bound to the source's real tables. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeModelColumns } from '../../bin/model-columns.ts';
import { SQL_FOLDER } from '../../bin/pipeline.ts';
import { readModelColumns } from '../../lib/model-columns.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase('columns');
});
afterAll(() => database.drop());

test('columns.json of totesys is up to date; node bin/model-columns.ts totesys writes it anew', async () => {
  const file = readFileSync(join(SQL_FOLDER, 'totesys', 'columns.json'), 'utf8');
  expect(await describeModelColumns('totesys', database.url)).toBe(file);
});

test('the catalogue spells the types as Athena does', () => {
  expect(readModelColumns('totesys').get('fact_payment')).toEqual([
    { name: 'payment_id', type: 'int' },
    { name: 'created_date', type: 'date' },
    { name: 'created_time', type: 'string' },
    { name: 'last_updated_date', type: 'date' },
    { name: 'last_updated_time', type: 'string' },
    { name: 'transaction_id', type: 'int' },
    { name: 'counterparty_id', type: 'int' },
    { name: 'payment_amount', type: 'decimal(18,2)' },
    { name: 'currency_id', type: 'int' },
    { name: 'payment_type_id', type: 'int' },
    { name: 'paid', type: 'boolean' },
    { name: 'payment_date', type: 'date' },
  ]);
});
