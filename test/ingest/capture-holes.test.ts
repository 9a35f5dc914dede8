/** Every way in which a poll by transaction ids could lose a row or keep a stale one, produced on a real server: none does. */
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Session } from '../../lambdas/shared/session.ts';
import { interrupted } from '../support/interrupted.ts';
import { connectTo, createScenario, type Scenario, type ScenarioOptions } from '../support/scenario.ts';

const ACCOUNTS: ScenarioOptions = {
  source: `
    create table account (
      id int primary key,
      owner text,
      balance numeric(12,2) not null,
      last_updated timestamp not null default now()
    );
    insert into account select n, 'owner ' || n, 100, now() from generate_series(1, 40) n;`,
  warehouse: `
    create table account (
      id int primary key,
      owner text,
      balance numeric(12,2) not null,
      last_updated timestamp not null,
      batch bigint not null,
      deleted boolean not null
    );`,
  models: { account: { sql: 'select id, owner, balance, last_updated from account', key: 'id' } },
};

const open: Scenario[] = [];
const sessions: Session[] = [];

afterEach(async () => {
  for (const session of sessions.splice(0)) await session.end();
  for (const scenario of open.splice(0)) await scenario.close();
});

/** A scenario whose first batch is in the warehouse. */
async function start(options: Partial<ScenarioOptions> = {}): Promise<Scenario> {
  const scenario = await createScenario({ ...ACCOUNTS, ...options });
  open.push(scenario);
  await scenario.run();
  return scenario;
}

/** Another session on the source. */
async function another(scenario: Scenario): Promise<Session> {
  const session = await connectTo(scenario.sourceUrl)();
  sessions.push(session);
  return session;
}

const COLUMNS = 'id, owner, balance, last_updated';

async function expectSame(scenario: Scenario, columns = COLUMNS): Promise<void> {
  expect(await scenario.warehouse.query(`select ${columns} from account where not deleted order by id`)).toEqual(
    await scenario.source.query(`select ${columns} from account order by id`),
  );
}

async function waitsForLock(session: Session, statement: string): Promise<boolean> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const [waiting] = await session.query(
      `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '${statement}%'`,
    );
    if (waiting !== undefined) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

describe('hole 1: TRUNCATE and rewrites are not MVCC-safe', () => {
  test.each([
    ['TRUNCATE', 'truncate account', 0],
    ['a rewriting ALTER TABLE', 'alter table account alter balance type numeric(14,2) using balance + 1', 40],
    ['CLUSTER', 'cluster account using account_pkey', 40],
  ])('%s that begins after the locks waits, and the batch holds every row', async (_, statement, left) => {
    const scenario = await start({
      models: {
        account: {
          sql: 'select id, owner, cast(balance as decimal(12,2)) as balance, last_updated from account',
          key: 'id',
        },
      },
      maxDeleteShare: 1,
    });
    await scenario.source.query(`update account set owner = owner || '!'`);
    const expected = await scenario.source.query(`select ${COLUMNS} from account order by id`);
    const other = await another(scenario);
    let done: Promise<unknown> = Promise.resolve();
    const source = interrupted(connectTo(scenario.sourceUrl), /^copy/, async () => {
      done = other.query(statement);
      expect(await waitsForLock(scenario.source, statement)).toBe(true);
    });

    await scenario.run({ source });
    expect(await scenario.warehouse.query(`select ${COLUMNS} from account where not deleted order by id`)).toEqual(
      expected,
    );
    await done;
    await scenario.run();
    await expectSame(scenario);
    expect(await scenario.source.query('select id from account')).toHaveLength(left);
  });

  test('TRUNCATE between the connection and the locks is seen whole: the snapshot comes after the locks', async () => {
    const scenario = await start({ maxDeleteShare: 1 });
    const source = interrupted(connectTo(scenario.sourceUrl), /^lock table/, async () => {
      await scenario.source.query('truncate account');
    });
    const { captured } = await scenario.run({ source });
    expect(captured?.tables.account).toMatchObject({ rows: 0, data: { mode: 'whole', rows: 0 } });
    await expectSame(scenario);
  });

  test('TRUNCATE that is not committed stops the poll at the locks, and the next poll reads on', async () => {
    const scenario = await start();
    const other = await another(scenario);
    await other.query('begin');
    await other.query('truncate account');
    await expect(scenario.run()).rejects.toThrow(
      /lock timeout.*\(55P03\); another session holds a lock; the next run tries again/,
    );
    await other.query('rollback');
    expect((await scenario.run()).captured).toBeUndefined();
    await expectSame(scenario);
  });

  test('the circuit breaker refuses a table that is suddenly empty, until somebody accepts it', async () => {
    const scenario = await start();
    await scenario.source.query('truncate account');
    const refusal =
      'ingest shop/account batch 2: 40 of 40 rows are gone, more than max_delete_share 0.2 allows; nothing was written';
    await expect(scenario.run()).rejects.toThrow(refusal);
    await expect(scenario.run()).rejects.toThrow(refusal);
    expect(await scenario.warehouse.query('select id from account where deleted')).toEqual([]);

    expect((await scenario.run({ acceptDeletes: true })).loaded[0]?.models.account).toMatchObject({ deleted: 40 });
    await expectSame(scenario);
  });

  test('the circuit breaker lets a few rows go however small the table', async () => {
    const scenario = await start({ source: `${ACCOUNTS.source} delete from account where id > 10` });
    await scenario.source.query('truncate account');
    await scenario.run();
    await expectSame(scenario);
    expect(await scenario.warehouse.query('select count(*) from account where deleted')).toEqual([{ count: '10' }]);
  });
});

describe('hole 4: savepoints', () => {
  test('a row of an open savepoint, which its snapshot does not list as running, comes when its transaction commits', async () => {
    const scenario = await start();
    const other = await another(scenario);
    await other.query('begin');
    await other.query(`insert into account values (101, 'before', 1)`);
    for (const id of [102, 103, 104]) {
      await other.query('savepoint inner_one');
      await other.query(`insert into account values (${id}, 'inside', 1)`);
    }
    await other.query('rollback to savepoint inner_one');
    await other.query(`update account set owner = 'inside' where id = 1`);
    await scenario.source.query(`insert into account values (105, 'meanwhile', 1)`);
    await scenario.run();
    await expectSame(scenario);
    await other.query('commit');
    await scenario.run();
    await expectSame(scenario);
    expect(await scenario.warehouse.query('select id from account where id > 100 order by id')).toEqual([
      { id: '101' },
      { id: '102' },
      { id: '103' },
      { id: '105' },
    ]);
  });
});

describe('hole 5: an older transaction writes later', () => {
  test('a row whose xmin goes down takes the later value: the last batch wins', async () => {
    const scenario = await start();
    const older = await another(scenario);
    await older.query('begin');
    await older.query('select pg_current_xact_id()');
    await scenario.source.query(`update account set owner = 'younger transaction' where id = 1`);
    await scenario.run();
    const xmin = async () =>
      BigInt(String((await scenario.source.query('select xmin from account where id = 1'))[0]?.xmin));
    const before = await xmin();
    await older.query(`update account set owner = 'older transaction' where id = 1`);
    await older.query('commit');
    expect((await xmin()) < before).toBe(true);
    await scenario.run();
    expect(await scenario.warehouse.query('select owner from account where id = 1')).toEqual([
      { owner: 'older transaction' },
    ]);
    await expectSame(scenario);
  });
});

describe('hole 6: changes of the structure that change values without a new xmin', () => {
  async function unchangedXmin(scenario: Scenario, statement: string): Promise<boolean> {
    const versions = () => scenario.source.query('select xmin, ctid from account order by id');
    const before = await versions();
    await scenario.source.query(statement);
    return JSON.stringify(await versions()) === JSON.stringify(before);
  }

  test('ADD COLUMN with a DEFAULT: a model that takes the column has its value for old rows', async () => {
    const scenario = await start();
    expect(await unchangedXmin(scenario, `alter table account add country text default 'UK'`)).toBe(true);
    expect((await scenario.run()).captured).toMatchObject({
      cause: 'structure changed: account',
      tables: { account: { data: { mode: 'whole' } } },
    });
    expect(scenario.warnings).toEqual([]);
    await scenario.warehouse.query('alter table account add country text');
    scenario.describe({
      ...ACCOUNTS,
      models: { account: { sql: 'select id, owner, balance, last_updated, country from account', key: 'id' } },
    });
    expect((await scenario.run()).captured?.cause).toBe('models changed: account');
    await expectSame(scenario, `${COLUMNS}, country`);
  });

  test('a column that goes and comes back under its name with a DEFAULT', async () => {
    const scenario = await start();
    expect(
      await unchangedXmin(
        scenario,
        `alter table account drop owner; alter table account add owner text default 'nobody'`,
      ),
    ).toBe(true);
    await scenario.run();
    await expectSame(scenario);
  });

  test('DROP COLUMN of a column that no model needs', async () => {
    const scenario = await start({ source: `${ACCOUNTS.source} alter table account add note text` });
    expect(await unchangedXmin(scenario, 'alter table account drop note')).toBe(true);
    await scenario.run();
    expect(scenario.warnings).toEqual(['account: column note is gone']);
    await expectSame(scenario);
  });

  test.each([
    ['an enum', 'mood'],
    ['an array of an enum', 'mood[]'],
    ['a domain over an enum', 'good_mood'],
    ['a composite with an enum', 'moods'],
  ])('an enum label that is renamed, in %s', async (_, type) => {
    const value = { mood: `'ok'`, 'mood[]': `'{ok,sad}'`, good_mood: `'ok'`, moods: `'(ok)'` }[type];
    const scenario = await start({
      source: `
        create type mood as enum ('ok', 'sad'); create domain good_mood as mood check (value <> 'sad'); create type moods as (m mood);
        create table account (id int primary key, mood ${type});
        insert into account select n, ${value} from generate_series(1, 5) n;`,
      warehouse:
        'create table account (id int primary key, mood text, batch bigint not null, deleted boolean not null)',
      models: { account: { sql: 'select id, mood from account', key: 'id' } },
    });
    expect(await unchangedXmin(scenario, `alter type mood rename value 'ok' to 'fine'`)).toBe(true);
    await scenario.run();
    await expectSame(scenario, 'id, mood::text');
    expect((await scenario.warehouse.query('select mood from account where id = 1'))[0]?.mood).toContain('fine');
    expect((await scenario.run()).captured).toBeUndefined();
  });

  test('a generated column that is not stored takes another expression', async () => {
    const scenario = await start({
      source: `
        create table account (id int primary key, net int, gross int generated always as (net * 2) virtual);
        insert into account select n, n from generate_series(1, 5) n;`,
      warehouse:
        'create table account (id int primary key, gross int, batch bigint not null, deleted boolean not null)',
      models: { account: { sql: 'select id, gross from account', key: 'id' } },
    });
    expect(await unchangedXmin(scenario, 'alter table account alter gross set expression as (net * 3)')).toBe(true);
    await scenario.run();
    await expectSame(scenario, 'id, gross');
  });

  test('ALTER TYPE that rewrites the table gives new values', async () => {
    const scenario = await start({
      models: {
        account: {
          sql: 'select id, owner, cast(balance as decimal(12,2)) as balance, last_updated from account',
          key: 'id',
        },
      },
    });
    expect(
      await unchangedXmin(scenario, 'alter table account alter balance type double precision using balance * 2'),
    ).toBe(false);
    await scenario.run();
    expect(scenario.warnings).toEqual(['account: column balance turned from numeric(12,2) into double precision']);
    expect(await scenario.warehouse.query('select distinct balance from account')).toEqual([{ balance: '200.00' }]);
  });

  test('a table that is dropped and made anew under its name', async () => {
    const scenario = await start({ maxDeleteShare: 1 });
    await scenario.source.query(`
      begin; alter table account rename to old; create table account (like old including all);
      insert into account select id + 20, owner, balance, last_updated from old; drop table old; commit`);
    await scenario.run();
    await expectSame(scenario);
  });

  test('another primary key', async () => {
    const scenario = await start();
    await scenario.source.query(
      'alter table account drop constraint account_pkey; alter table account add primary key (owner)',
    );
    await scenario.source.query('delete from account where id = 3');
    await scenario.run();
    await expectSame(scenario);
    await scenario.source.query('delete from account where id = 4');
    await scenario.run();
    await expectSame(scenario);
  });
});

describe('hole 7: a transaction that stays open', () => {
  test('a prepared transaction pins the horizon: rows are read again, which changes nothing, and its own come when it commits', async () => {
    const scenario = await start();
    await scenario.source.query('begin');
    await scenario.source.query(
      `insert into account values (201, 'prepared', 1); update account set balance = 7 where id = 2`,
    );
    await scenario.source.query(`prepare transaction 'forgotten'`);
    await scenario.source.query(`update account set owner = 'after' where id between 5 and 9`);
    await scenario.run();
    const { captured, loaded } = await scenario.run();
    expect(captured?.tables.account?.data).toMatchObject({ mode: 'changes', rows: 5 });
    expect(loaded[0]?.models.account).toEqual({ inserted: 0, changed: 0, deleted: 0, unchanged: 5, quarantined: 0 });
    await expectSame(scenario);

    await scenario.source.query(`commit prepared 'forgotten'`);
    const after = await scenario.run();
    expect(after.loaded[0]?.models.account).toEqual({
      inserted: 1,
      changed: 1,
      deleted: 0,
      unchanged: 5,
      quarantined: 0,
    });
    await expectSame(scenario);
    expect((await scenario.run()).captured).toBeUndefined();
  });
});

describe('hole 8: what has no xmin of its own', () => {
  const other = async (statement: string) => {
    const scenario = await createScenario({
      ...ACCOUNTS,
      source: `${ACCOUNTS.source} alter table account rename to hidden; ${statement}`,
    });
    open.push(scenario);
    return scenario;
  };

  test.each([
    ['a view', 'create view account as select * from hidden'],
    ['a materialized view', 'create materialized view account as select * from hidden'],
    [
      'a foreign table',
      `create extension file_fdw; create server files foreign data wrapper file_fdw;
       create foreign table account (id int, owner text, balance numeric, last_updated timestamp) server files options (filename '/dev/null')`,
    ],
  ])('%s is refused by name', async (kind, statement) => {
    const scenario = await other(statement);
    await expect(scenario.run()).rejects.toThrow(
      `source table account is ${kind}, whose changes cannot be seen exactly; model the tables below it`,
    );
  });

  test('a table that hides rows from the role is refused, and read when it hides none', async () => {
    const scenario = await start();
    const role = `reader_${process.pid}_${Date.now()}`;
    await scenario.source.query(`
      create role ${role} login password 'secret'; grant select on account to ${role};
      alter table account enable row level security; create policy part on account using (id < 10)`);
    const url = new URL(scenario.sourceUrl);
    url.username = role;
    url.password = 'secret';
    const source = connectTo(url.href);
    try {
      await expect(scenario.run({ source })).rejects.toThrow(
        'source table account hides rows from this role by row security; read it with a role that has BYPASSRLS',
      );
      await scenario.source.query(`alter role ${role} bypassrls; update account set balance = 0 where id in (1, 39)`);
      await scenario.run({ source });
      await expectSame(scenario);
    } finally {
      await scenario.source.query(`drop owned by ${role}; drop role ${role}`);
    }
  });

  test('a partitioned table is read through all its partitions, as they come, are emptied and go', async () => {
    const scenario = await start({
      source: `
        create table account (id int, owner text, balance numeric(12,2) not null, last_updated timestamp not null default now(), primary key (id))
          partition by range (id);
        create table low partition of account for values from (0) to (100);
        create table high partition of account for values from (100) to (200) partition by range (id);
        create table highest partition of high for values from (150) to (200);
        create table outside (like account including all);
        insert into account select n, 'owner', 1 from generate_series(1, 60) n;
        insert into account select n, 'owner', 1 from generate_series(150, 154) n;
        insert into outside select n, 'outside', 1 from generate_series(200, 204) n;`,
      maxDeleteShare: 1,
    });
    await expectSame(scenario);
    const steps = [
      'update account set balance = 2 where id in (3, 152)',
      'update account set id = 153 + id where id = 4', // moves from one partition to another
      'alter table account attach partition outside for values from (200) to (300)',
      'delete from account where id in (5, 201)',
      'truncate highest',
      'alter table account detach partition outside',
      'insert into outside values (299)',
      'drop table low',
    ];
    for (const step of steps.map((step) => step.replace('values (299)', `values (299, 'unseen', 1)`))) {
      await scenario.source.query(step);
      await scenario.run();
      await expectSame(scenario);
    }
    expect(await scenario.warehouse.query('select id from account where not deleted')).toEqual([]);
  });
});

describe('hole 10: VACUUM moves and freezes rows', () => {
  test.each([
    'vacuum full account',
    'vacuum freeze account',
    'cluster account using account_pkey',
    'reindex table account',
  ])('%s between two polls loses nothing', async (statement) => {
    const scenario = await start();
    await scenario.source.query(`update account set owner = 'before' where id = 1`);
    await scenario.source.query('delete from account where id = 2');
    await scenario.source.query(statement);
    await scenario.source.query(`update account set owner = 'after' where id = 3`);
    await scenario.source.query('delete from account where id = 4');
    await scenario.run();
    await expectSame(scenario);
  });

  test('VACUUM FULL during the poll waits for it', async () => {
    const scenario = await start();
    await scenario.source.query(`update account set owner = 'before' where id = 1`);
    const other = await another(scenario);
    let done: Promise<unknown> = Promise.resolve();
    const source = interrupted(connectTo(scenario.sourceUrl), /^copy/, async () => {
      done = other.query('vacuum full account');
      expect(await waitsForLock(scenario.source, 'vacuum full')).toBe(true);
    });
    await scenario.run({ source });
    await done;
    await expectSame(scenario);
  });
});

describe('what a cursor on last_updated loses', () => {
  test('a row stamped before the poll and committed after it comes with the next poll', async () => {
    const scenario = await start();
    const late = await another(scenario);
    await late.query('begin');
    await late.query(`insert into account values (301, 'late', 1)`);
    await late.query(`update account set owner = 'late', last_updated = now() where id = 1`);
    await scenario.source.query(`insert into account values (302, 'in time', 1)`);
    await scenario.run();
    await expectSame(scenario);
    await late.query('commit');
    await scenario.run();
    await expectSame(scenario);
    const [order] = await scenario.warehouse.query(
      'select (select last_updated from account where id = 301) < (select last_updated from account where id = 302) as older',
    );
    expect(order).toEqual({ older: 't' });
  });

  test('rows of equal timestamps, before, at and after the newest one seen', async () => {
    const scenario = await start();
    for (const [batch, stamp] of ['2026-01-01', '2026-01-01', '2025-12-31', '2027-01-01'].entries()) {
      await scenario.source.query(
        `insert into account select n, 'same', 1, '${stamp}' from generate_series(${400 + batch * 10}, ${405 + batch * 10}) n`,
      );
      await scenario.run();
      await expectSame(scenario);
    }
  });

  test('an edit that leaves last_updated as it is, or sets it back', async () => {
    const scenario = await start();
    await scenario.source.query(
      `update account set owner = 'silent' where id = 1; update account set owner = 'back', last_updated = '1999-01-01' where id = 2`,
    );
    await scenario.run();
    await expectSame(scenario);
  });

  test('rows that are rolled back are never seen, and change nothing', async () => {
    const scenario = await start();
    const other = await another(scenario);
    await other.query('begin');
    await other.query(
      `insert into account values (501, 'never', 1); update account set owner = 'never'; delete from account where id = 3`,
    );
    expect((await scenario.run()).captured).toBeUndefined();
    await other.query('rollback');
    expect((await scenario.run()).captured).toBeUndefined();
    await expectSame(scenario);
  });

  test('deleted rows, keys that change hands and keys that come back', async () => {
    const scenario = await start();
    const steps = [
      'delete from account where id = 1',
      `insert into account values (1, 'again', 5)`,
      'begin; update account set id = -1 where id = 2; update account set id = 2 where id = 3; update account set id = 3 where id = -1; commit',
      `delete from account where id = 4; insert into account values (4, 'replaced', 4)`,
      `delete from account where id = 5; insert into account values (100000, 'far away', 4)`,
      `insert into account values (-2147483648, 'least', 0), (2147483647, 'greatest', 0)`,
      'delete from account where id in (-2147483648, 2147483647)',
    ];
    for (const step of steps) {
      await scenario.source.query(step);
      await scenario.run();
      await expectSame(scenario);
    }
  });
});
