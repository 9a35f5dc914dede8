/** The verifier sees what was changed on the way through the lake, even if the manifests were changed with it: the source says otherwise. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { openDuckdb, quoteText } from '../../lambdas/shared/duckdb.ts';
import { type IngestionManifest, ingestionManifest, processedManifest } from '../../lambdas/shared/manifest.ts';
import type { Scenario } from '../support/scenario.ts';
import { createShop, unequal, verifyShop } from './shop.ts';

let shop: Scenario;

beforeEach(async () => {
  shop = await createShop();
});

afterEach(() => shop.close());

const manifestPath = (bucket: string) =>
  join(shop.lakeFolder, bucket, 'shop', 'manifests', '000000000', '000000000001.json');

/** The size and the hash that a manifest says of an object. */
const measured = (bytes: Buffer) => ({ bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });

/** Edits the captured lines of a table, and everything that the manifest says of them. */
function tamperCapture(table: string, edit: (lines: readonly string[]) => readonly string[]): void {
  const manifest: IngestionManifest = ingestionManifest.parse(
    JSON.parse(readFileSync(manifestPath('ingestion'), 'utf8')),
  );
  const captured = manifest.tables[table];
  if (captured?.data == null) throw new Error(`batch 1 holds no rows of ${table}`);
  const path = join(shop.lakeFolder, 'ingestion', captured.data.key);
  const [header = '', ...lines] = gunzipSync(readFileSync(path)).toString().trimEnd().split('\n');
  const edited = edit(lines);
  const bytes = gzipSync([header, ...edited, ''].join('\n'));
  writeFileSync(path, bytes);
  captured.data = { ...captured.data, ...measured(bytes), rows: edited.length };
  captured.rows = edited.length;
  writeFileSync(manifestPath('ingestion'), JSON.stringify(manifest));
}

/** Makes the rows of a model anew by a query on the table `rows`, and everything that the manifest says of them. */
async function tamperOutput(model: string, query: string): Promise<void> {
  const manifest = processedManifest.parse(JSON.parse(readFileSync(manifestPath('processed'), 'utf8')));
  const processed = manifest.models[model];
  if (processed === undefined) throw new Error(`batch 1 holds no ${model}`);
  const path = join(shop.lakeFolder, 'processed', processed.data.key);
  const folder = mkdtempSync(join(tmpdir(), 'weir-tampered-'));
  const duckdb = await openDuckdb({ directory: folder });
  const file = join(folder, 'rows.parquet');
  await duckdb.run(`create table rows as from read_parquet(${quoteText(path)}); copy (${query}) to ${quoteText(file)}`);
  const [count] = await duckdb.rows<{ rows: string }>(`select count(*) as rows from read_parquet(${quoteText(file)})`);
  duckdb.close();
  renameSync(file, path);
  rmSync(folder, { recursive: true });
  processed.data = { ...processed.data, ...measured(readFileSync(path)), rows: Number(count?.rows) };
  writeFileSync(manifestPath('processed'), JSON.stringify(manifest));
}

/** A run of all stages, interrupted after one of them. */
async function runTampered(after: 'ingest' | 'transform', tamper: () => void | Promise<void>): Promise<void> {
  const { ingest, transform, load } = await shop.pipeline();
  await ingest();
  if (after === 'transform') await transform();
  await tamper();
  if (after === 'ingest') await transform();
  await load();
}

const without = (line: RegExp) => (lines: readonly string[]) => lines.filter((text) => !line.test(text));
const twice = (line: RegExp) => (lines: readonly string[]) =>
  lines.flatMap((text) => (line.test(text) ? [text, text] : [text]));
const replaced = (from: string, to: string) => (lines: readonly string[]) =>
  lines.map((text) => text.replace(from, to));

describe('between ingest and transform', () => {
  test('dropped rows of every kind of table are seen', async () => {
    await runTampered('ingest', () => {
      tamperCapture('customer', without(/^12,/));
      tamperCapture('orders', without(/^(11|12),/));
      tamperCapture('click', without(/^3,/));
    });
    expect(unequal(await verifyShop(shop))).toEqual({
      dim_customer: { rows: 12, equal: 11, missing: 1 },
      fact_order: { rows: 12, equal: 10, missing: 2 },
      click: { rows: 12, equal: 11, missing: 1 },
    });
  });

  test('altered rows of every kind of table are seen', async () => {
    await runTampered('ingest', () => {
      tamperCapture('customer', replaced('customer 5', 'customer 50'));
      tamperCapture('town', replaced('Cardiff', 'Swansea'));
      tamperCapture('orders', replaced('5,5,5.50,', '5,5,5.51,'));
      tamperCapture('click', replaced('page 9', 'page 8'));
    });
    expect(unequal(await verifyShop(shop))).toEqual({
      dim_customer: { rows: 12, equal: 11, different: 1 },
      dim_town: { rows: 3, equal: 2, different: 1 },
      fact_order: { rows: 12, equal: 11, different: 1 },
      click: { rows: 12, equal: 11, different: 1 },
    });
  });

  test('an added row is seen', async () => {
    await runTampered('ingest', () => {
      tamperCapture('customer', (lines) => [...lines, '13,nobody,1,2026-01-01 00:00:00']);
      tamperCapture('orders', (lines) => [...lines, '13,1,1.00,,2026-01-01 00:00:00']);
    });
    expect(unequal(await verifyShop(shop))).toEqual({
      dim_customer: { rows: 12, equal: 12, extra: 1 },
      fact_order: { rows: 12, equal: 12, extra: 1 },
    });
  });

  test.each([
    ['customer', 'dim_customer'],
    ['orders', 'fact_order'],
    ['click', 'click'],
  ])('a doubled row of %s stops the line', async (table, model) => {
    await expect(runTampered('ingest', () => tamperCapture(table, twice(/^5,/)))).rejects.toThrow(
      new RegExp(`^transform shop/${model} batch 1: 13 rows but 12 distinct values of the key`),
    );
    await expect(verifyShop(shop)).rejects.toThrow(/^the warehouse holds no batch yet; weir run brings the first/);
  });
});

describe('between transform and load', () => {
  test('dropped rows of every kind of table are seen', async () => {
    await runTampered('transform', async () => {
      await tamperOutput('dim_town', 'select * from rows where town_id <> 2');
      await tamperOutput('fact_order', 'select * from rows where order_id > 2');
      await tamperOutput('click', 'select * from rows where click_id <> 3');
    });
    expect(unequal(await verifyShop(shop))).toEqual({
      dim_town: { rows: 3, equal: 2, missing: 1 },
      fact_order: { rows: 12, equal: 10, missing: 2 },
      click: { rows: 12, equal: 11, missing: 1 },
    });
  });

  test('altered rows of every kind of table are seen', async () => {
    await runTampered('transform', async () => {
      await tamperOutput('dim_customer', `select * replace (if(customer_id = 1, 'Mallory', name) as name) from rows`);
      await tamperOutput(
        'fact_order',
        `select * replace (if(order_id = 1, 0, amount)::decimal(10, 2) as amount) from rows`,
      );
      await tamperOutput('click', `select * replace (if(click_id = 1, '', page) as page) from rows`);
    });
    expect(unequal(await verifyShop(shop))).toEqual({
      dim_customer: { rows: 12, equal: 11, different: 1 },
      fact_order: { rows: 12, equal: 11, different: 1 },
      click: { rows: 12, equal: 11, different: 1 },
    });
  });

  const DOUBLED = (key: string) => `from rows union all from rows where ${key} = 5`;

  test('a doubled row of a history is seen', async () => {
    await runTampered('transform', () => tamperOutput('fact_order', DOUBLED('order_id')));
    expect(unequal(await verifyShop(shop))).toEqual({ fact_order: { rows: 12, equal: 12, extra: 1 } });
  });

  test.each([
    ['dim_customer', 'customer_id'],
    ['click', 'click_id'],
  ])('a doubled row of %s stops the line', async (model, key) => {
    await expect(runTampered('transform', () => tamperOutput(model, DOUBLED(key)))).rejects.toThrow(
      new RegExp(`^load shop/${model} batch 1: .*duplicate key value violates unique constraint "${model}_pkey"`),
    );
    await expect(verifyShop(shop)).rejects.toThrow(/^the warehouse holds no batch yet; weir run brings the first/);
  });
});
