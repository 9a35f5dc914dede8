/** A pipeline for tests of the command line: one table of parcels, one model, databases and a lake of their own. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../lambdas/shared/postgres.ts';
import type { Session } from '../../lambdas/shared/session.ts';
import { createTestDatabase } from '../support/database.ts';

export interface Parcels {
  /** Its name has a space, as folders of users have. */
  readonly folder: string;
  readonly sourceUrl: string;
  readonly warehouseUrl: string;
  readonly lake: string;
  /** The options that name all of it. */
  readonly options: readonly string[];
  readonly source: Session;
  /** In the schema of the data set. */
  readonly warehouse: Session;
  remove(): Promise<void>;
}

const FILES = {
  'dataset.yaml': `
    source: { kind: postgres }
    warehouse: { schema: parcels }
    models:
      fact_parcel: { apply: history, key: parcel_id }`,
  'models/fact_parcel.sql': `
    -- one row per parcel
    select parcel_id, kilograms, cast(sent as date) as sent
    from parcel`,
  'warehouse/001-parcels.sql': `
    create table fact_parcel (
      record_id serial primary key,
      parcel_id int not null,
      kilograms numeric(10, 2) not null,
      sent date,
      batch bigint not null,
      deleted boolean not null default false
    )`,
};

/** Twenty parcels, sent in November 2026. */
const SOURCE = `
  create table parcel (parcel_id int primary key, kilograms numeric(10, 2) not null, sent text);
  insert into parcel select n, n * 1.5, '2026-11-' || lpad(n::text, 2, '0') from generate_series(1, 20) as n`;

export async function createParcels(): Promise<Parcels> {
  const folder = mkdtempSync(join(tmpdir(), 'weir cli '));
  for (const [file, text] of Object.entries(FILES)) {
    mkdirSync(join(folder, 'parcels', file, '..'), { recursive: true });
    writeFileSync(join(folder, 'parcels', file), text);
  }
  const databases = [await createTestDatabase('parcels'), await createTestDatabase('warehouse')] as const;
  const [sourceUrl, warehouseUrl] = [databases[0].url, databases[1].url];
  const source = await connect({ url: sourceUrl, role: 'test' });
  await source.query(SOURCE);
  const warehouse = await connect({ url: warehouseUrl, role: 'test' });
  await warehouse.query('set search_path to parcels');
  const lake = join(folder, 'lake');
  const dataset = join(folder, 'parcels');
  return {
    folder,
    sourceUrl,
    warehouseUrl,
    lake,
    options: ['--dataset', dataset, '--source', sourceUrl, '--warehouse', warehouseUrl, '--lake', lake],
    source,
    warehouse,
    async remove() {
      await source.end();
      await warehouse.end();
      for (const database of databases) await database.drop();
      rmSync(folder, { recursive: true });
    },
  };
}

/** An address where nobody listens. */
export const NOWHERE = 'postgres://somebody:unseen-secret@127.0.0.1:1/nowhere';

/** The options with one of them changed. */
export function withOption(options: readonly string[], name: string, value: string): string[] {
  return options.map((option, index) => (options[index - 1] === name ? value : option));
}

/** The same address with another user. */
export function asUser(url: string, user: string, password: string): string {
  const address = new URL(url);
  address.username = user;
  address.password = password;
  return address.href;
}
