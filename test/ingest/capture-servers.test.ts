/** Servers that crash, change places or run out of 32-bit transaction ids between two polls: none makes a poll miss a row. */
import { chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type LocalPostgres, removePostgres, startPostgres } from '../../bin/local/postgres.ts';
import { openHome } from '../../bin/local/postgres-home.ts';
import type { Session } from '../../lambdas/shared/session.ts';
import { connectTo, createScenario, type Scenario } from '../support/scenario.ts';
import { findResetwal, startWrappingServer } from '../support/wrapping-server.ts';

const TABLE = 'create table account (id int primary key, owner text)';

let directory: string;
let scenario: Scenario;
let source: Session;

beforeEach(async () => {
  scenario = await createScenario({
    source: TABLE,
    warehouse: 'create table account (id int primary key, owner text, batch bigint not null, deleted boolean not null)',
    models: { account: { sql: 'select id, owner from account', key: 'id' } },
  });
});

afterEach(async () => {
  await source?.end();
  await scenario.close();
});

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'weir-own-server-'));
});

afterAll(async () => {
  await removePostgres(join(directory, 'own'));
  await removePostgres(join(directory, 'wrapping'));
  rmSync(directory, { recursive: true, force: true });
});

async function expectSame(): Promise<void> {
  expect(await scenario.warehouse.query('select id, owner from account where not deleted order by id')).toEqual(
    await source.query('select id, owner from account order by id'),
  );
}

/** A number that the server gives. */
async function numberOf(expression: string): Promise<bigint> {
  const [row] = await source.query(`select ${expression} as value`);
  return BigInt(String(row?.value));
}

describe('a server of one’s own', () => {
  let server: LocalPostgres;
  const url = () => server.url('shop');
  const poll = () => scenario.run({ source: connectTo(url()) });

  beforeEach(async () => {
    server = await startPostgres({ directory: join(directory, 'own'), durable: true });
    await server.createDatabase('shop');
    source = await connectTo(url())();
    await source.query(`${TABLE}; insert into account select n, 'first' from generate_series(1, 20) n`);
    // Nobody writes the log to disk in the background: what no commit flushed is lost in a crash, every time.
    await source.query(`alter system set wal_writer_delay = '10s'`);
    await source.query('select pg_reload_conf()');
    await sleep(300); // until the log writer has gone round with the old delay
    await poll();
  });

  afterEach(() => server.stop());

  async function restart(): Promise<void> {
    await source.end();
    server = await startPostgres({ directory: join(directory, 'own'), durable: true });
    source = await connectTo(url())();
  }

  async function crash(): Promise<void> {
    const [file] = await source.query(`select pg_read_file('postmaster.pid') as text`);
    const pid = Number(String(file?.text).split('\n')[0]);
    process.kill(pid, 'SIGKILL');
    for (let attempt = 0; attempt < 100 && (await source.query('select 1').then(Boolean, () => false)); attempt++)
      await sleep(20);
    await sleep(200); // its processes notice that it is gone and let go of their memory
    await restart();
  }

  test('hole 2: after a crash transaction ids are given anew; a row below the horizon is read all the same', async () => {
    await source.query(`insert into account values (21, 'committed')`);
    for (let count = 0; count < 50; count++) {
      await source.query('begin');
      await source.query('select pg_current_xact_id()');
      await source.query('rollback');
    }
    const { captured } = await poll();
    await crash();

    await source.query(
      `insert into account values (22, 'with a transaction id of before'); delete from account where id = 1`,
    );
    const xmin = await numberOf('(select xmin::text from account where id = 22)');
    expect(xmin < BigInt(captured?.horizon ?? '0')).toBe(true);
    expect((await poll()).captured).toMatchObject({
      cause: 'server restarted: after a crash it may give transaction ids anew',
      tables: { account: { data: { mode: 'whole', rows: 21 } } },
    });
    await expectSame();
    expect((await poll()).captured).toBeUndefined();
  });

  test('hole 2: a row that was read and then lost in the crash, since its commit was not flushed, goes from the warehouse', async () => {
    await source.query('set synchronous_commit = off');
    await source.query(`insert into account values (23, 'not flushed')`);
    await poll();
    expect(await scenario.warehouse.query('select owner from account where id = 23')).toEqual([
      { owner: 'not flushed' },
    ]);
    await crash();
    expect(await source.query('select owner from account where id = 23')).toEqual([]);
    await poll();
    await expectSame();
  });

  test('hole 2: an orderly restart reads everything once and changes nothing', async () => {
    await server.stop();
    await restart();
    const { captured, loaded } = await poll();
    expect(captured?.cause).toBe('server restarted: after a crash it may give transaction ids anew');
    expect(loaded[0]?.models.account).toEqual({ inserted: 0, changed: 0, deleted: 0, unchanged: 20, quarantined: 0 });
    expect((await poll()).captured).toBeUndefined();
  });

  test('hole 3: another server, another database and the way back are each read whole', async () => {
    await scenario.source.query(`insert into account select n, 'on the other server' from generate_series(15, 40) n`);
    const elsewhere = await scenario.run();
    expect(elsewhere.captured?.cause).toBe('another database');
    expect(await scenario.warehouse.query('select id, owner from account where not deleted order by id')).toEqual(
      await scenario.source.query('select id, owner from account order by id'),
    );

    await server.createDatabase('copy');
    const copy = await connectTo(server.url('copy'))();
    await copy.query(`${TABLE}; insert into account select n, 'in the copy' from generate_series(1, 25) n`);
    await copy.end();
    expect((await scenario.run({ source: connectTo(server.url('copy')) })).captured?.cause).toBe('another database');
    expect((await poll()).captured?.cause).toBe('another database');
    await expectSame();
  });

  test('holes 3 and 9: a replica is read with its own history, and a promoted one as another timeline', async () => {
    const [setting] = await source.query('show data_directory');
    await source.query(`insert into account values (24, 'last on the primary')`);
    await server.stop();
    const signal = join(String(setting?.data_directory), 'standby.signal');
    writeFileSync(signal, '');
    const { uid, gid } = statSync(String(setting?.data_directory));
    chownSync(signal, uid, gid);
    await restart();
    expect(await source.query('select pg_is_in_recovery() as replica')).toEqual([{ replica: 't' }]);
    expect((await poll()).captured?.cause).toBe('primary and replica changed places');
    await expectSame();
    expect((await poll()).captured).toBeUndefined();

    await source.query('select pg_promote()');
    await source.query(`insert into account values (25, 'first on the new primary')`);
    await source.query('checkpoint');
    expect((await poll()).captured?.cause).toBe('another timeline: failover or point-in-time recovery');
    await expectSame();
  });
});

const binaries = findResetwal();
const testWithResetwal = binaries === undefined ? test.skip : test;

testWithResetwal(
  binaries === undefined
    ? 'SKIPPED: crossing 2^32 transactions needs pg_resetwal, which is neither in the npm package nor below /usr/lib/postgresql'
    : 'the 32-bit transaction ids wrap between two polls: no row is missed, none is read for ever',
  async () => {
    const WRAP = 2 ** 32;
    const server = await startWrappingServer(openHome(join(directory, 'wrapping')), binaries ?? '', WRAP - 60);
    try {
      source = await connectTo(server.url)();
      const poll = () => scenario.run({ source: connectTo(server.url) });
      await source.query(`${TABLE}; insert into account select n, 'before' from generate_series(1, 5) n`);
      await poll();
      let wrapped = false;
      for (let round = 1; round <= 12; round++) {
        for (let count = 0; count < 8; count++) {
          await source.query(`insert into account values (${round * 100 + count}, 'round ${round}')`);
        }
        await source.query(`update account set owner = 'in round ${round}' where id = ${(round % 5) + 1}`);
        await source.query(`delete from account where id = ${round * 100}`);
        const { captured } = await poll();
        expect(captured?.tables.account?.data).toMatchObject({ mode: 'changes', rows: 8 });
        wrapped ||= BigInt(captured?.horizon ?? '0') > BigInt(WRAP);
        await expectSame();
      }
      expect(wrapped).toBe(true);
      expect(
        await source.query(
          `select min(xmin::text::bigint) < 100 as small, max(xmin::text::bigint) > 4294967200 as great from account`,
        ),
      ).toEqual([{ small: 't', great: 't' }]);
      await source.query('vacuum freeze account');
      expect((await poll()).captured).toBeUndefined();
    } finally {
      await server.stop();
    }
  },
);
