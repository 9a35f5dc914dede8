/** Many writers and repeated polls: at every batch the warehouse is what the source was in that batch's snapshot. */

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { RetryableError } from '../../lambdas/shared/errors.ts';
import type { Session } from '../../lambdas/shared/session.ts';
import { interrupted } from '../support/interrupted.ts';
import { connectTo, createScenario, type Scenario } from '../support/scenario.ts';

const WRITERS = 5;
const MILLISECONDS = 8_000;
const KEYS = 400;

let scenario: Scenario;
/** How the tables were read. */
const ways = new Set<string>();

beforeAll(async () => {
  const columns = 'id int primary key, balance numeric(12,2) not null, note text';
  const technical = 'batch bigint not null, deleted boolean not null';
  scenario = await createScenario({
    source: `
      create table account (${columns}); create table mirror (${columns});
      insert into account select n, n, 'first' from generate_series(1, ${KEYS}, 2) n; insert into mirror select * from account;`,
    warehouse: `
      create table account (${columns}, ${technical}); create table mirror (${columns}, ${technical});
      create table version (record_id bigint primary key, id int not null, balance numeric(12,2), note text, ${technical});`,
    models: {
      account: { sql: 'select id, balance, note from account', key: 'id' },
      mirror: { sql: 'select id, balance, note from mirror', key: 'id' },
      version: { sql: 'select id, balance, note from account', key: 'id', apply: 'history' },
    },
    maxDeleteShare: 1,
  });
});

afterAll(() => scenario?.close());

const CONTENT = 'select id, balance, note from';
const NEWEST = `select id, balance, note from (select distinct on (id) * from version order by id, record_id desc) v where not deleted order by id`;

test('every batch equals its snapshot, in both tables and in the newest versions, while five writers are at work', async () => {
  const stop = Date.now() + MILLISECONDS;
  const writers = Array.from({ length: WRITERS }, (_, index) => write(index, stop));
  const running = Promise.allSettled([...writers, vacuum(stop)]);
  let batches = 0;
  while (Date.now() < stop) batches += await pollAndCompare();
  const outcomes = await running;
  expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
  for (const { gid } of await scenario.source.query<{ gid: string }>(
    'select gid from pg_prepared_xacts where database = current_database()',
  )) {
    await scenario.source.query(`commit prepared '${gid}'`);
  }
  await pollAndCompare();
  const [commits] = await scenario.source.query(
    'select xact_commit as count from pg_stat_database where datname = current_database()',
  );
  expect(Number(commits?.count)).toBeGreaterThan(100);
  expect(batches).toBeGreaterThan(3);
  expect([...ways].sort()).toEqual(expect.arrayContaining(['changes', 'keys']));
  expect(await scenario.warehouse.query(`${CONTENT} account where not deleted order by id`)).toEqual(
    await scenario.source.query(`${CONTENT} account order by id`),
  );
  expect(await scenario.warehouse.query('select count(*) from weir_quarantine')).toEqual([{ count: '0' }]);
}, 120_000);

/** @returns 1 if a batch was loaded and compared, 0 if there was none */
async function pollAndCompare(): Promise<number> {
  let expected: unknown[] = [];
  let mirrored: unknown[] = [];
  const source = interrupted(connectTo(scenario.sourceUrl), /^copy/, async (session) => {
    const [row] = await session.query('select pg_export_snapshot() as id');
    const reader = await connectTo(scenario.sourceUrl)();
    await reader.query('begin isolation level repeatable read');
    await reader.query(`set transaction snapshot '${row?.id}'`);
    expected = await reader.query(`${CONTENT} account order by id`);
    mirrored = await reader.query(`${CONTENT} mirror order by id`);
    await reader.end();
  });
  const outcome = await scenario.run({ source }).catch((error: unknown) => error);
  if (outcome instanceof RetryableError) return 0; // a VACUUM FULL held the lock; the next poll comes
  if (outcome instanceof Error) throw outcome;
  const { captured } = outcome as Awaited<ReturnType<Scenario['run']>>;
  if (captured === undefined) return 0;
  for (const { data, keys } of Object.values(captured.tables)) {
    if (data !== null) ways.add(data.mode);
    if (keys !== null) ways.add('keys');
  }
  expect(mirrored).toEqual(expected);
  expect(await scenario.warehouse.query(`${CONTENT} account where not deleted order by id`)).toEqual(expected);
  expect(await scenario.warehouse.query(`${CONTENT} mirror where not deleted order by id`)).toEqual(expected);
  expect(await scenario.warehouse.query(NEWEST)).toEqual(expected);
  return 1;
}

/** Transactions that change both tables alike: with savepoints kept and rolled back, long ones, prepared ones, and some that fail. */
async function write(writer: number, stop: number): Promise<void> {
  const session = await connectTo(scenario.sourceUrl)();
  const random = seeded(writer);
  const chance = (share: number) => random() < share;
  await session.query(`set lock_timeout = '300ms'`);
  for (let number = 0; Date.now() < stop; number++) {
    try {
      await session.query('begin');
      if (chance(0.1)) await session.query('select pg_current_xact_id()'); // an old id for late changes
      if (chance(0.1)) await sleep(random() * 800);
      for (let step = 0; step < 1 + random() * 4; step++) {
        const inner = chance(0.3);
        if (inner) await session.query('savepoint inner_one');
        await change(session, random, `${writer}/${number}/${step}`);
        if (inner) await session.query(chance(0.5) ? 'rollback to savepoint inner_one' : 'release savepoint inner_one');
      }
      if (chance(0.08)) await sleep(random() * 1200);
      if (chance(0.05)) await prepare(session, `${writer}-${number}-${process.pid}`, random() * 500);
      else await session.query(chance(0.1) ? 'rollback' : 'commit');
    } catch {
      await session.query('rollback'); // a lock that another writer holds, or a key that exists
    }
    await sleep(random() * 10);
  }
  await session.end();
}

async function prepare(session: Session, name: string, milliseconds: number): Promise<void> {
  await session.query(`prepare transaction '${name}'`);
  await sleep(milliseconds);
  await session.query(`commit prepared '${name}'`);
}

async function change(session: Session, random: () => number, note: string): Promise<void> {
  const id = () => Math.floor(random() * KEYS) + 1;
  const balance = (random() * 1000).toFixed(2);
  const [key, other] = [id(), id()];
  const kind = random();
  for (const table of ['account', 'mirror']) {
    if (kind < 0.35) {
      await session.query(
        `insert into ${table} values (${key}, ${balance}, '${note}') on conflict (id) do update set balance = excluded.balance, note = excluded.note`,
      );
    } else if (kind < 0.6)
      await session.query(
        `update ${table} set balance = ${balance}, note = '${note}' where id between ${key} and ${key + 3}`,
      );
    else if (kind < 0.85) await session.query(`delete from ${table} where id = ${key}`);
    else
      await session.query(
        `update ${table} set id = ${other} where id = ${key} and not exists (select from ${table} where id = ${other})`,
      );
  }
}

async function vacuum(stop: number): Promise<void> {
  const session = await connectTo(scenario.sourceUrl)();
  await session.query(`set lock_timeout = '100ms'`);
  for (let round = 0; Date.now() < stop; round++) {
    const option = ['', 'freeze', 'full'][round % 3];
    await session.query(`vacuum ${option} ${round % 2 === 0 ? 'account' : 'mirror'}`).catch(() => undefined);
    await sleep(150);
  }
  await session.end();
}

/** Numbers from 0 to 1, the same for the same seed (Mulberry32). */
function seeded(seed: number): () => number {
  let state = seed + 1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
