/** A warehouse schema beside the real one, for what is compared with the load: the same tables, dimensions filled, facts empty. */
import { createWriteStream } from 'node:fs';
import type { Dataset } from '../../lambdas/shared/dataset.ts';
import { connect, identifier } from '../../lambdas/shared/postgres.ts';
import { factFile, type Place } from './piece.ts';

export interface BareTableOptions {
  readonly place: Place;
  readonly dataset: Dataset;
  readonly foreignKeys: boolean;
  /** So many rows go into the file that is to be loaded. @default - all */
  readonly rows?: number;
}

/** Makes the schema anew from the migrations, and the file with the rows for its fact_sales_order. The real warehouse has to be loaded. */
export async function prepareBareTable({ place, dataset, foreignKeys, rows }: BareTableOptions): Promise<void> {
  const { schema, migrations } = dataset.warehouse;
  const loaded = identifier(schema);
  const session = await connect({ url: place.warehouse, role: 'warehouse' });
  try {
    await session.query(
      'set client_min_messages = warning; drop schema if exists bare cascade; create schema bare; set search_path to bare',
    );
    for (const { sql } of migrations) await session.query(sql);
    for (const { name } of dataset.models.filter(({ apply }) => apply === 'latest'))
      await session.query(`insert into ${identifier(name)} select * from ${loaded}.${identifier(name)}`);
    if (!foreignKeys) await session.query(DROP_FOREIGN_KEYS);
    await session.copyOut(
      `copy (select * from ${loaded}.fact_sales_order order by sales_record_id limit ${rows ?? 'all'}) to stdout (format csv)`,
      createWriteStream(factFile(place)),
    );
    await session.query('vacuum (analyze)');
    await session.query('checkpoint');
  } finally {
    await session.end();
  }
}

const DROP_FOREIGN_KEYS = `
  do $$
  declare statement text;
  begin
    select 'alter table fact_sales_order ' || string_agg('drop constraint ' || quote_ident(conname), ', ')
    into statement
    from pg_constraint
    where conrelid = 'fact_sales_order'::regclass and contype = 'f';
    execute statement;
  end
  $$`;
