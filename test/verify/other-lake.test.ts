/** A warehouse that cannot be compared is told as such, and nothing is read from the source. */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Connect } from '../../lambdas/shared/session.ts';
import type { Scenario } from '../support/scenario.ts';
import { createShop, verifyShop } from './shop.ts';

let shop: Scenario;

beforeEach(async () => {
  shop = await createShop();
});

afterEach(() => shop.close());

const source: Connect = () => Promise.reject(new Error('the source was asked'));

test('an empty warehouse holds no batch', async () => {
  const error = 'the warehouse holds no batch yet; weir run brings the first, then verify';
  await expect(verifyShop(shop, { source })).rejects.toThrow(error);
  await (await shop.pipeline()).load();
  expect(await shop.warehouse.query('select from weir_ledger')).toEqual([]);
  await expect(verifyShop(shop, { source })).rejects.toThrow(error);
});

test('a warehouse without the table of a model is told by its name', async () => {
  await shop.run();
  await shop.warehouse.query('drop table click');
  await expect(verifyShop(shop, { source })).rejects.toThrow(
    'the warehouse has no table click; weir run applies the migration that makes it',
  );
});

test('a warehouse that is ahead of the lake, or of another one, is refused', async () => {
  const early = join(shop.lakeFolder, '..', 'early');
  await shop.run();
  cpSync(shop.lakeFolder, early, { recursive: true });
  await shop.source.query('delete from click where click_id = 1');
  await shop.run();
  await expect(verifyShop(shop, { source, lakeFolder: early })).rejects.toThrow(
    `the warehouse is at batch 2 of another lake, ${join(early, 'processed')} is at batch 1; ` +
      'point --lake to the lake that it was loaded from. Nothing was compared',
  );

  const other = await createShop();
  try {
    await other.run();
    await other.source.query('delete from click where click_id = 1');
    await other.run();
    await expect(verifyShop(shop, { source, lakeFolder: other.lakeFolder })).rejects.toThrow(
      `the warehouse is at batch 2 of another lake, ${join(other.lakeFolder, 'processed')} is at batch 2; `,
    );
    rmSync(join(early, 'ingestion'), { recursive: true });
    cpSync(join(shop.lakeFolder, 'processed'), join(early, 'processed'), { recursive: true });
    cpSync(join(other.lakeFolder, 'ingestion'), join(early, 'ingestion'), { recursive: true });
    await expect(verifyShop(shop, { source, lakeFolder: early })).rejects.toThrow(
      `batch 2 of ${join(early, 'processed')} was not made from that of ${join(early, 'ingestion')}; ` +
        'the two buckets do not belong together, restore the right one. Nothing was compared',
    );
  } finally {
    await other.close();
  }
});
