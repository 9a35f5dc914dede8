/** A shop to verify: a table of each kind, and a table that is joined from two. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readDataset } from '../../bin/pipeline.ts';
import type { ComparedTable } from '../../bin/verify/compare-model.ts';
import { type Verification, verify } from '../../bin/verify/verify.ts';
import { openLake } from '../../lambdas/shared/lake.ts';
import type { Connect } from '../../lambdas/shared/session.ts';
import { QUIET } from '../support/rig.ts';
import { connectTo, createScenario, type DatasetText, type Scenario } from '../support/scenario.ts';

export const SHOP: DatasetText = {
  models: {
    dim_customer: { key: 'customer_id', sql: 'select customer_id, name, town_id from customer' },
    dim_town: {
      key: 'town_id',
      sql: 'select town.town_id, town.town, country.country from town left join country on country.country_id = town.country_id',
    },
    fact_order: {
      key: 'order_id',
      apply: 'history',
      sql: 'select order_id, customer_id, cast(amount as decimal(10, 2)) as amount, note from orders',
    },
    click: { key: 'click_id', apply: 'events', sql: 'select click_id, page from click' },
  },
  warehouse: `
    create table dim_town (
      town_id int primary key, town text not null, country text, batch bigint not null, deleted boolean not null
    );
    create table dim_customer (
      customer_id int primary key, name text, town_id int, batch bigint not null, deleted boolean not null
    );
    create table fact_order (
      record_id serial primary key, order_id int not null, customer_id int not null references dim_customer,
      amount numeric(10, 2) not null, note varchar(10), batch bigint not null, deleted boolean not null
    );
    create table click (click_id int primary key, page text, batch bigint not null, deleted boolean not null)`,
};

const SOURCE = `
  create table country (country_id int primary key, country text);
  create table town (town_id int primary key, town text not null, country_id int);
  create table customer (customer_id int primary key, name text, town_id int, last_updated timestamp);
  create table orders (order_id int primary key, customer_id int, amount text, note text, last_updated timestamp);
  create table click (click_id int primary key, page text);
  insert into country values (1, 'Wales'), (2, 'England');
  insert into town values (1, 'Cardiff', 1), (2, 'Leeds', 2), (3, 'Nowhere', null);
  insert into customer select n, 'customer ' || n, n % 3 + 1, '2026-01-01' from generate_series(1, 12) n;
  insert into orders select n, n, n || '.50', null, '2026-01-01' from generate_series(1, 12) n;
  insert into click select n, 'page ' || n from generate_series(1, 12) n`;

export function createShop(): Promise<Scenario> {
  return createScenario({ ...SHOP, source: SOURCE });
}

export interface VerifyShopOptions {
  readonly source?: Connect;
  readonly warehouse?: Connect;
  readonly lakeFolder?: string;
  readonly batches?: number;
}

export async function verifyShop(shop: Scenario, options: VerifyShopOptions = {}): Promise<Verification> {
  return verify({
    dataset: await readDataset(shop.datasetFolder),
    source: options.source ?? connectTo(shop.sourceUrl, 'source'),
    warehouse: options.warehouse ?? connectTo(shop.warehouseUrl, 'warehouse'),
    lake: openLake(options.lakeFolder ?? shop.lakeFolder),
    batches: options.batches ?? 1000,
    display: { log: QUIET, during: (_name, work) => work() },
  });
}

type Numbers = Partial<Omit<ComparedTable, 'table' | 'apply' | 'examples' | 'notes'>>;

/** The tables in which something is not equal: of each the numbers that are not zero. */
export function unequal({ tables }: Verification): Record<string, Numbers> {
  const told = tables.filter(({ rows, equal, extra, pending }) => rows !== equal || extra + pending > 0);
  return Object.fromEntries(
    told.map(({ table, rows, equal, missing, extra, different, quarantined, pending }) => [
      table,
      Object.fromEntries(
        Object.entries({ rows, equal, missing, extra, different, quarantined, pending }).filter(
          ([, number]) => number > 0,
        ),
      ),
    ]),
  );
}

/** Every file below a folder with the hash of its bytes. */
export function filesIn(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path, createHash('sha256').update(readFileSync(path)).digest('hex')];
    }),
  );
}

/** Makes the data set name the column by which the source says when a row changed. */
export function nameLastUpdated({ datasetFolder }: Scenario, column: string): void {
  const file = join(datasetFolder, 'dataset.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^( +)kind: .*$/m, `$&\n$1last_updated: ${column}`));
}
