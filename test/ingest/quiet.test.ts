/** A poll looks at no table if nothing was written on the server since, and at all of them otherwise. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalPostgres, removePostgres, startPostgres } from '../../bin/local/postgres.ts';
import { readDataset, SQL_FOLDER } from '../../bin/pipeline.ts';
import { ingest } from '../../lambdas/ingest/ingest.ts';
import { createPostgresSource } from '../../lambdas/ingest/postgres-source.ts';
import { openDuckdb } from '../../lambdas/shared/duckdb.ts';
import { openFolderStore } from '../../lambdas/shared/folder-store.ts';
import { connect } from '../../lambdas/shared/postgres.ts';
import type { Session } from '../../lambdas/shared/session.ts';

let folder: string;
let server: LocalPostgres;
let url: string;
let admin: Session;
let scans: number;
let poll: () => Promise<number | undefined>;

beforeAll(async () => {
  // A server of its own: on a shared one other tests write all the time.
  folder = mkdtempSync(join(tmpdir(), 'weir-quiet-'));
  server = await startPostgres({ directory: join(folder, 'postgres'), durable: false });
  url = await server.createDatabase('source');
  admin = await connect({ url, role: 'test' });
  await admin.query('alter system set autovacuum = off');
  await admin.query('select pg_reload_conf()');
  await admin.query(readFileSync(join(SQL_FOLDER, 'totesys', 'source', 'schema.sql'), 'utf8'));
  const dataset = await readDataset(join(SQL_FOLDER, 'totesys'));
  const store = openFolderStore(join(folder, 'ingestion'));
  const log = { info: () => undefined, warn: () => undefined };
  const source = createPostgresSource({
    dataset,
    connect: async () => counting(await connect({ url, role: 'source' })),
    store,
    openDuckdb: () => openDuckdb({ directory: folder }),
    log,
  });
  poll = async () => (await ingest({ dataset, source, store, log }))?.number;
});

afterAll(async () => {
  await admin?.end();
  await server?.stop();
  await removePostgres(join(folder, 'postgres'));
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  scans = 0;
});

/** Counts the queries that look at rows of tables. */
function counting(session: Session): Session {
  return {
    ...session,
    query: (sql, values) => {
      if (/ as changed/.test(sql)) scans++;
      return session.query(sql, values);
    },
  };
}

const addCurrency = (id: number) =>
  admin.query(`insert into currency (currency_id, currency_code) values (${id}, 'EUR')`);

test('nothing written since the last batch: no table is counted', async () => {
  await addCurrency(1);
  expect(await poll()).toBe(1);
  expect(await poll()).toBeUndefined();
  expect(scans).toBe(0);
});

test('something written elsewhere on the server: the tables are counted once, and then no more', async () => {
  await admin.query('create table elsewhere (id int)');
  expect(await poll()).toBeUndefined();
  expect(scans).toBe(1);
  expect(await poll()).toBeUndefined();
  expect(scans).toBe(1);
});

test('a write of one of the tables is seen by the next poll', async () => {
  expect(await poll()).toBeUndefined();
  await addCurrency(2);
  expect(await poll()).toBe(2);
  expect(scans).toBe(1);
});

test('a transaction that is open at a poll and commits later is seen, however quiet the server was', async () => {
  const writer = await connect({ url, role: 'writer' });
  await writer.query('begin');
  await writer.query(`insert into currency (currency_id, currency_code) values (3, 'USD')`);
  expect(await poll()).toBeUndefined();
  expect(await poll()).toBeUndefined();
  await writer.query('commit');
  await writer.end();
  expect(await poll()).toBe(3);
});

test('what was rolled back is no change', async () => {
  const writer = await connect({ url, role: 'writer' });
  await writer.query('begin');
  await writer.query(`insert into currency (currency_id, currency_code) values (4, 'USD')`);
  await writer.query('rollback');
  await writer.end();
  expect(await poll()).toBeUndefined();
});
