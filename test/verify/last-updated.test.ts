/** Whether a source's last_updated can be trusted, by what the lake has captured of it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readDataset } from '../../bin/pipeline.ts';
import { verdictOn } from '../../bin/verify/report.ts';
import { openLake } from '../../lambdas/shared/lake.ts';
import { ingestionManifest } from '../../lambdas/shared/manifest.ts';
import { openManifestLog } from '../../lambdas/shared/manifest-log.ts';
import type { Scenario } from '../support/scenario.ts';
import { createShop, nameLastUpdated, SHOP, verifyShop } from './shop.ts';

let shop: Scenario;

beforeEach(async () => {
  shop = await createShop();
  nameLastUpdated(shop, 'last_updated');
});

afterEach(() => shop.close());

async function batch(sql: string): Promise<void> {
  await shop.source.query(sql);
  const { ingest, transform, load } = await shop.pipeline();
  await ingest();
  await transform();
  await load();
}

test('changes that did not move it are counted by table', async () => {
  await batch('select');
  await batch(`
    update customer set name = 'honest', last_updated = '2026-01-02' where customer_id in (1, 2);
    update customer set name = 'silent' where customer_id = 3;
    update orders set last_updated = '2026-01-02' where order_id = 1;
    update click set page = 'has no such column' where click_id = 1`);
  await batch(`
    update customer set name = 'silent after all' where customer_id = 1;
    update customer set name = null where customer_id = 3;
    update orders set last_updated = null, note = 'honest' where order_id = 1;
    insert into orders values (13, 1, '1.00', null, null)`);
  await batch(`update orders set note = 'silent' where order_id in (1, 13)`);

  const { lastUpdated } = await verifyShop(shop);
  expect(lastUpdated).toEqual({
    column: 'last_updated',
    first: 1,
    last: 4,
    objects: 7,
    tables: [
      { table: 'customer', versions: 5, changed: 5, silent: 3 },
      { table: 'orders', versions: 4, changed: 3, silent: 2 },
    ],
  });
  expect(lastUpdated && verdictOn(lastUpdated)).toBe('last_updated cannot be trusted: 5 of 8 changes did not move it.');
});

test('only the newest batches are read if so many are asked for', async () => {
  await batch('select');
  await batch(`update customer set name = 'silent' where customer_id = 1`);
  await batch(`update customer set name = 'honest', last_updated = '2026-01-02' where customer_id = 1`);
  expect((await verifyShop(shop, { batches: 2 })).lastUpdated).toEqual({
    column: 'last_updated',
    first: 2,
    last: 3,
    objects: 2,
    tables: [
      { table: 'customer', versions: 1, changed: 1, silent: 0 },
      { table: 'orders', versions: 0, changed: 0, silent: 0 },
    ],
  });
});

test('a column that came later was null before, and one that is gone counts no more', async () => {
  const customer = async () => (await verifyShop(shop)).lastUpdated?.tables[0];
  await batch('select');
  await batch('alter table customer add column age int');
  expect(await customer()).toEqual({ table: 'customer', versions: 12, changed: 0, silent: 0 });
  await batch('update customer set age = 40 where customer_id = 1');
  expect(await customer()).toEqual({ table: 'customer', versions: 13, changed: 1, silent: 1 });
  await batch('alter table customer drop column age');
  expect(await customer()).toEqual({ table: 'customer', versions: 25, changed: 0, silent: 0 });
});

test('values with line breaks, quotes and NULL are read as they were captured', async () => {
  await batch(`update customer set name = E'two\\r\\nlines, "quoted"'`);
  await batch(`update customer set name = case when customer_id < 6 then '' end, last_updated = '2026-01-02'`);
  await batch(`update customer set name = ''`);
  expect((await verifyShop(shop)).lastUpdated?.tables[0]).toEqual({
    table: 'customer',
    versions: 24,
    changed: 19,
    silent: 7,
  });
});

test('a damaged object of the lake is told by its name', async () => {
  await batch('select');
  const log = openManifestLog({
    store: openLake(shop.lakeFolder).ingestion,
    dataset: 'shop',
    schema: ingestionManifest,
  });
  const key = (await log.read(1)).manifest.tables.customer?.data?.key ?? '';
  writeFileSync(join(shop.lakeFolder, 'ingestion', key), 'damaged');
  await expect(verifyShop(shop)).rejects.toThrow(new RegExp(`${key} is damaged: 7 bytes with sha256 `));
});

test('nothing can be said before the first change', async () => {
  await batch('select');
  const { lastUpdated } = await verifyShop(shop);
  expect(lastUpdated && verdictOn(lastUpdated)).toBe(
    'No row has changed between two captures yet: nothing can be said of last_updated.',
  );
});

test('a data set whose tables have no such column is told so', async () => {
  shop.describe(SHOP);
  nameLastUpdated(shop, 'modified');
  await batch('select');
  const { lastUpdated } = await verifyShop(shop);
  expect(lastUpdated).toEqual({ column: 'modified', first: 1, last: 1, objects: 0, tables: [] });
  expect(lastUpdated && verdictOn(lastUpdated)).toBe('No table with a primary key has a column modified.');
});

test.each(['""', 'null', '7', '[last_updated]'])('a data set that names the column %s is refused', async (name) => {
  shop.describe(SHOP);
  nameLastUpdated(shop, name);
  await expect(readDataset(shop.datasetFolder)).rejects.toThrow(/dataset\.yaml is refused:[\s\S]*source\.last_updated/);
});
