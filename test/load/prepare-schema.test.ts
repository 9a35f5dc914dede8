import { setTimeout as sleep } from 'node:timers/promises';
import { lockOf, prepareSchema } from '../../lambdas/load/ledger.ts';
import { connect } from '../../lambdas/shared/postgres.ts';
import type { Session } from '../../lambdas/shared/session.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const STAR = { schema: 'star', migrations: [{ name: '001-tables', sql: 'create table item (id int primary key)' }] };

let database: TestDatabase;
const sessions: Session[] = [];

beforeAll(async () => {
  database = await createTestDatabase('schemas');
  for (let count = 0; count < 3; count++) sessions.push(await connect({ url: database.url, role: 'warehouse' }));
});

afterAll(async () => {
  for (const session of sessions) await session.end();
  await database.drop();
});

async function waitUntilOneWaits(session: Session): Promise<void> {
  const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  while ((await session.query(waiting)).length === 0) await sleep(5);
}

test('two first loads at once make the schema once', async () => {
  const [first, second, observer] = sessions;
  if (first === undefined || second === undefined || observer === undefined) throw new Error('no sessions');
  await first.query('begin');
  await first.query('select pg_advisory_xact_lock($1::bigint)', [lockOf('star')]);
  await first.query('create schema star');
  const prepared = prepareSchema(second, STAR);
  await waitUntilOneWaits(observer);
  await first.query('commit');
  await prepared;
  await prepareSchema(first, STAR);
  expect(await observer.query('select name from star.weir_migration')).toEqual([{ name: '001-tables' }]);
});
