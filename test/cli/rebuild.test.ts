/** A rebuild ends with what the running warehouse holds, mends what it should hold, keeps its rights, and never leaves it half done. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readDataset } from '../../bin/pipeline.ts';
import { rebuild } from '../../bin/rebuild/rebuild.ts';
import type { Swapped } from '../../bin/rebuild/swap.ts';
import { lockOf } from '../../lambdas/load/ledger.ts';
import { RetryableError, TerminalError } from '../../lambdas/shared/errors.ts';
import { openLake } from '../../lambdas/shared/lake.ts';
import type { Connect } from '../../lambdas/shared/session.ts';
import { QUIET } from '../support/rig.ts';
import { connectTo, createScenario, type Scenario, type ScenarioOptions } from '../support/scenario.ts';
import { type Contents, readContents } from '../support/warehouse-contents.ts';
import { asUser, NOWHERE } from './parcels.ts';
import { startWeir, weir } from './weir.ts';

const TECHNICAL = 'batch bigint not null, deleted boolean not null default false';

const SHOP: ScenarioOptions = {
  source: `
    create table colour (colour_id int primary key, name text);
    create table item (item_id int primary key, colour_id int, price text);
    insert into colour values (1, 'red'), (2, 'green'), (3, 'blue');
    insert into item select n, 1 + n % 3, n from generate_series(1, 30) as n;
    insert into item values (31, 99, '31'), (32, 1, 'cheap')`,
  warehouse: `
    create table dim_colour (colour_id int primary key, name varchar(10) not null, ${TECHNICAL});
    create table fact_item (
      record_id serial primary key,
      item_id int not null,
      colour_id int not null references dim_colour,
      price numeric(8, 2) not null,
      ${TECHNICAL}
    );
    create index fact_item_versions on fact_item (item_id, record_id);
    create view current_item as select item_id, price from fact_item where not deleted;
    create function item_count() returns bigint language sql as 'select count(*) from fact_item'`,
  models: {
    dim_colour: { sql: 'select colour_id, name from colour', key: 'colour_id' },
    fact_item: {
      sql: 'select item_id, colour_id, cast(price as decimal(8, 2)) as price from item',
      key: 'item_id',
      apply: 'history',
    },
  },
};

/** Versions, deletes, and rows that go into quarantine or come out of it: three batches after the first. */
const CHANGES = [
  `update item set price = price || '.5' where item_id < 5; delete from item where item_id = 7; update colour set name = 'rot' where colour_id = 1`,
  `insert into colour values (99, 'beige'); delete from item where item_id = 8; insert into item values (7, 2, '7.77')`,
  `insert into item values (40, 77, '4'), (41, 2, 'dear'); update item set price = '32' where item_id = 32; delete from colour where colour_id = 99`,
];

const open: Scenario[] = [];

afterEach(async () => {
  for (const scenario of open.splice(0)) await scenario.close();
});

async function createShop(options: Partial<ScenarioOptions> = {}): Promise<Scenario> {
  const scenario = await createScenario({ ...SHOP, ...options });
  open.push(scenario);
  return scenario;
}

async function createShopWithHistory(): Promise<Scenario> {
  const scenario = await createShop();
  await scenario.run();
  for (const change of CHANGES) {
    await scenario.source.query(change);
    await scenario.run();
  }
  return scenario;
}

async function rebuildShop(
  scenario: Scenario,
  warehouse: Connect = connectTo(scenario.warehouseUrl),
): Promise<Swapped> {
  const dataset = await readDataset(scenario.datasetFolder);
  return rebuild({ dataset, lake: openLake(scenario.lakeFolder), warehouse, log: QUIET });
}

const contentsOf = ({ warehouse }: Scenario, schema = 'star'): Promise<Contents> => readContents(warehouse, schema);

const schemasOf = async ({ warehouse }: Scenario) =>
  (
    await warehouse.query<{ nspname: string }>(`select nspname from pg_namespace where nspname like 'star%' order by 1`)
  ).map(({ nspname }) => nspname);

const commandOf = ({ datasetFolder, warehouseUrl, lakeFolder }: Scenario) => [
  'rebuild',
  ...['--dataset', datasetFolder, '--warehouse', warehouseUrl, '--lake', lakeFolder],
];

const same = (table: string, rows: number) => ({ table, rows, onlyRunning: 0, onlyRebuilt: 0 });

/** It fails with this message, and leaves the running warehouse as it was. */
async function expectRefused(
  scenario: Scenario,
  message: RegExp,
  { attempt = () => rebuildShop(scenario), kind = TerminalError as typeof TerminalError | typeof RetryableError } = {},
): Promise<void> {
  const before = await contentsOf(scenario);
  const error = await attempt().then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(kind);
  expect(String(error)).toMatch(message);
  expect(await contentsOf(scenario)).toEqual(before);
  expect((await schemasOf(scenario))[0]).toBe('star');
}

describe('a rebuild', () => {
  test('equals the running warehouse: versions, deletes, record ids and quarantine; and the next batches go on', async () => {
    const scenario = await createShopWithHistory();
    const before = await contentsOf(scenario);
    expect(before.weir_quarantine).toHaveLength(2);

    const { code, stdout } = await weir([...commandOf(scenario), '--json'], { env: { WEIR_SOURCE_URL: NOWHERE } });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      dataset: 'shop',
      schema: 'star',
      before: 'star_before',
      batch: { running: 4, rebuilt: 4 },
      tables: [
        same('dim_colour', 4),
        same('fact_item', before.fact_item?.length ?? 0),
        same('weir_ledger', 4),
        same('weir_migration', 1),
        same('weir_quarantine', 2),
      ],
    });
    expect(await contentsOf(scenario)).toEqual(before);
    expect(await schemasOf(scenario)).toEqual(['star', 'star_before']);
    expect(await scenario.warehouse.query('select item_count() as rows from current_item limit 1')).toEqual([
      { rows: String(before.fact_item?.length) },
    ]);

    await scenario.source.query(`update item set price = '1000' where item_id = 1`);
    const { loaded } = await scenario.run();
    expect(loaded.map(({ number, models }) => [number, models.fact_item?.changed])).toEqual([[5, 1]]);
    const carried = await contentsOf(scenario);
    await rebuildShop(scenario);
    expect(await contentsOf(scenario)).toEqual(carried);
  });

  test('mends a damaged warehouse, counts what was wrong, and keeps the damaged one', async () => {
    const scenario = await createShopWithHistory();
    const before = await contentsOf(scenario);
    await scenario.warehouse.query(`
      update fact_item set price = 0 where record_id in (1, 2);
      delete from fact_item where record_id = 3;
      insert into dim_colour values (5, 'black', 1, false), (6, 'white', 1, false);
      delete from weir_quarantine where model = 'fact_item' and stage = 'load';
      drop view current_item`);
    const damaged = await contentsOf(scenario);

    const { code, stdout, stderr } = await weir(commandOf(scenario));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^dim_colour +4 +2 +0$/m);
    expect(stdout).toMatch(new RegExp(`^fact_item +${before.fact_item?.length} +2 +3$`, 'm'));
    expect(stdout).toMatch(/^weir_ledger +4 +0 +0$/m);
    expect(stdout).toMatch(/^weir_quarantine +2 +0 +1$/m);
    expect(stdout).toContain(
      '\nswapped: star is the rebuilt one, star_before the old\n' +
        'look at the old: select * from "star_before"."dim_colour" limit 10\n' +
        'drop the old: drop schema "star_before" cascade\n',
    );
    expect(stderr).toMatch(/^rebuild +batch 1 .*\n(.*\n)*rebuild +batch 4 /);
    expect(await contentsOf(scenario)).toEqual(before);
    const kept = await contentsOf(scenario, 'star_before');
    expect([kept.fact_item, kept.dim_colour]).toEqual([damaged.fact_item, damaged.dim_colour]);
    expect(await scenario.warehouse.query('select from current_item limit 1')).toHaveLength(1);

    await rebuildShop(scenario);
    expect((await contentsOf(scenario, 'star_before')).fact_item).toEqual(before.fact_item);
  });

  test('brings back a table and a ledger that were dropped', async () => {
    const scenario = await createShopWithHistory();
    const before = await contentsOf(scenario);
    await scenario.warehouse.query('drop table fact_item cascade; drop table weir_ledger');
    const { batch, tables } = await rebuildShop(scenario);
    expect(batch).toEqual({ running: null, rebuilt: 4 });
    expect(tables).toContainEqual({
      ...same('fact_item', before.fact_item?.length ?? 0),
      onlyRebuilt: before.fact_item?.length,
    });
    expect(await contentsOf(scenario)).toEqual(before);
  });

  test('without a running schema makes one', async () => {
    const scenario = await createShopWithHistory();
    const before = await contentsOf(scenario);
    await scenario.warehouse.query('drop schema star cascade');
    const { code, stdout } = await weir(commandOf(scenario));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^there was no schema star: it is the rebuilt one, at batch 4$/m);
    expect(await contentsOf(scenario)).toEqual(before);
    expect(await schemasOf(scenario)).toEqual(['star']);
  });

  test('applies migrations in the place of the log where they were applied', async () => {
    const scenario = await createShopWithHistory();
    scenario.describe({
      ...SHOP,
      models: {
        ...SHOP.models,
        dim_colour: { sql: 'select colour_id, upper(name) as title from colour', key: 'colour_id' },
      },
    });
    writeFileSync(
      join(scenario.datasetFolder, 'warehouse', '002-title.sql'),
      `alter table dim_colour rename name to title; update fact_item set price = price + 1`,
    );
    await scenario.source.query('delete from item where item_id = 9');
    await scenario.run();
    const before = await contentsOf(scenario);
    const { tables } = await rebuildShop(scenario);
    expect(tables.filter(({ onlyRunning, onlyRebuilt }) => onlyRunning + onlyRebuilt > 0)).toEqual([]);
    expect(await contentsOf(scenario)).toEqual(before);
    await rebuildShop(scenario);
    expect(await contentsOf(scenario)).toEqual(before);
  });
});

describe('while a rebuild is at work', () => {
  /** Gives sessions of the warehouse; the first that loads does something more before it ends. */
  function afterLoading(scenario: Scenario, work: () => Promise<unknown>): Connect {
    let sessions = 0;
    return async () => {
      const session = await connectTo(scenario.warehouseUrl, 'warehouse')();
      if (++sessions !== 2) return session;
      return { ...session, end: () => work().then(session.end) };
    };
  }

  test('the loader goes on, and its new batch is in the rebuilt warehouse', async () => {
    const scenario = await createShopWithHistory();
    const { batch } = await rebuildShop(
      scenario,
      afterLoading(scenario, async () => {
        await scenario.source.query(`insert into item values (50, 1, '50')`);
        await scenario.run();
      }),
    );
    expect(batch).toEqual({ running: 5, rebuilt: 5 });
    const { constraints, ...followed } = await contentsOf(scenario, 'star_before');
    expect(await contentsOf(scenario)).toMatchObject(followed);
    expect((await contentsOf(scenario)).fact_item).toContainEqual(expect.objectContaining({ item_id: '50' }));
  });

  test('something of others that comes to hang on the running tables stops the swap', async () => {
    const scenario = await createShopWithHistory();
    const attempt = () =>
      rebuildShop(
        scenario,
        afterLoading(scenario, () =>
          scenario.warehouse.query('create view public.prices as select price from fact_item'),
        ),
      );
    await expectRefused(
      scenario,
      /rebuild shop: view public\.prices: made neither .*; drop it, .*; star is as before$/,
      {
        attempt,
      },
    );
    expect(await schemasOf(scenario)).toEqual(['star', 'star_rebuild']);
    await scenario.warehouse.query('drop view public.prices');
    await rebuildShop(scenario);
    expect(await schemasOf(scenario)).toEqual(['star', 'star_before']);
  });

  test('a second one is refused', async () => {
    const scenario = await createShopWithHistory();
    const attempt = () =>
      rebuildShop(
        scenario,
        afterLoading(scenario, () => rebuildShop(scenario)),
      );
    await expectRefused(scenario, /rebuild shop: another rebuild is at work in star_rebuild; .*; star is as before$/, {
      attempt,
      kind: RetryableError,
    });
  });

  test('its end by kill -9 leaves the running warehouse, and the next rebuild works', async () => {
    const scenario = await createShopWithHistory();
    const before = await contentsOf(scenario);
    const lock = [lockOf('star')];
    await scenario.warehouse.query('select pg_advisory_lock($1::bigint)', lock);
    const running = startWeir(commandOf(scenario));
    await running.says('batch 4');
    running.kill('SIGKILL');
    expect((await running.ended).code).toBe(null);
    await scenario.warehouse.query('select pg_advisory_unlock($1::bigint)', lock);
    const others = 'select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()';
    while ((await scenario.warehouse.query(others)).length > 0) await sleep(5); // servers of a killed client notice late
    expect(await contentsOf(scenario)).toEqual(before);
    expect(await schemasOf(scenario)).toEqual(['star', 'star_rebuild']);

    await rebuildShop(scenario);
    expect(await contentsOf(scenario)).toEqual(before);
    expect(await schemasOf(scenario)).toEqual(['star', 'star_before']);
  });
});

describe('rights', () => {
  /** Roles belong to the server: these names are this test's alone. */
  const names = { loader: `loader_${process.pid}`, owner: `owner_${process.pid}`, analyst: `analyst_${process.pid}` };

  const RIGHTS = `
    select 'schema' as object, nspowner::regrole as owner, nspacl::text as rights
    from pg_namespace where nspname = 'star'
    union all
    select relname, relowner::regrole, concat_ws(' ', relrowsecurity, (select array_agg(entry::text order by entry::text) from unnest(relacl) entry)::text)
    from pg_class where relnamespace = 'star'::regnamespace and relkind in ('r', 'v', 'S')
    union all
    select attrelid::regclass || '.' || attname, null, attacl::text
    from pg_attribute where attacl is not null and attrelid in (select oid from pg_class where relnamespace = 'star'::regnamespace)
    union all
    select proname, proowner::regrole, proacl::text from pg_proc where pronamespace = 'star'::regnamespace
    union all
    select 'default ' || defaclobjtype::text, defaclrole::regrole, defaclacl::text
    from pg_default_acl where defaclnamespace = 'star'::regnamespace
    order by 1`;

  test('survive: a plain role that loads keeps owners, grants, columns, defaults and row security', async () => {
    const { loader, owner, analyst } = names;
    const scenario = await createShop();
    const { warehouse } = scenario;
    await warehouse.query(`
      create role ${loader} login password 'secret';
      create role ${owner};
      create role ${analyst};
      grant ${owner} to ${loader};
      do $$ begin execute format('grant create on database %I to ${loader}, ${owner}', current_database()); end $$`);
    const asLoader = connectTo(asUser(scenario.warehouseUrl, loader, 'secret'), 'warehouse');
    try {
      await scenario.run({ warehouse: asLoader });
      await warehouse.query(`
        grant usage on schema star to ${analyst};
        grant select on fact_item, current_item to ${analyst} with grant option;
        grant select (colour_id), update (name) on dim_colour to ${analyst};
        grant select, usage on sequence fact_item_record_id_seq to public;
        revoke execute on function item_count() from public;
        revoke truncate on fact_item from ${loader};
        alter table dim_colour owner to ${owner};
        alter table weir_quarantine enable row level security;
        alter default privileges for role ${loader} in schema star grant select, insert on tables to ${analyst};
        alter default privileges for role ${loader} in schema star grant usage on sequences to ${analyst};
        drop table weir_migration`);
      const before = await warehouse.query<{ object: string }>(RIGHTS);
      expect(before).toContainEqual({ object: 'dim_colour.name', owner: null, rights: `{${analyst}=w/${owner}}` });

      await rebuildShop(scenario, asLoader);
      const after = await warehouse.query<{ object: string; rights: string }>(RIGHTS);
      expect(after.filter(({ object }) => object !== 'weir_migration')).toEqual(before);
      expect(after.find(({ object }) => object === 'weir_migration')?.rights).toContain(`${analyst}=ar/${loader}`);

      await warehouse.query(`set role ${analyst}`);
      expect(
        await warehouse.query('select count(*) from star.fact_item join star.current_item using (item_id)'),
      ).toEqual([{ count: '30' }]);
      await expect(warehouse.query('select name from star.dim_colour')).rejects.toThrow(/permission denied/);
      await expect(warehouse.query('select star.item_count()')).rejects.toThrow(/permission denied/);
      await warehouse.query('reset role');
    } finally {
      await warehouse.query('reset role');
      for (const role of [loader, owner, analyst])
        await warehouse.query(`drop owned by ${role} cascade; drop role ${role}`);
    }
  });
});

describe('a rebuild is refused before it changes anything', () => {
  test('if something of others hangs on the running tables', async () => {
    const scenario = await createShopWithHistory();
    await scenario.warehouse.query(`
      create schema reporting;
      create view reporting.totals as select sum(price) from star.fact_item;
      create view reporting.twice as select * from reporting.totals;
      create table reporting.note (colour_id int references star.dim_colour);
      create function reporting.priced(star.fact_item) returns numeric language sql return $1.price;
      create view star.red as select item_id from star.current_item;
      create table star.budget (id int primary key);
      create function star.half(numeric) returns numeric language sql as 'select $1 / 2';
      create index by_price on star.fact_item (price);
      create policy mine on star.dim_colour using (true);
      create publication changes for table star.fact_item`);
    await expectRefused(scenario, /: made neither by Weir nor by a migration, .*; drop them, .*; star is as before$/);
    const error = String(await rebuildShop(scenario).catch((error: unknown) => error));
    expect(error.replace('TerminalError: rebuild shop: ', '').split(': made')[0]?.split(', ')).toEqual(
      [
        'constraint note_colour_id_fkey on table reporting.note',
        'function reporting.priced(star.fact_item)',
        'function star.half(numeric)',
        'index star.by_price',
        'policy mine on table star.dim_colour',
        'publication of table star.fact_item in publication changes',
        'constraint budget_pkey on table star.budget',
        'table star.budget',
        'view reporting.totals',
        'view reporting.twice',
        'view star.red',
      ].sort(),
    );
    expect(await schemasOf(scenario)).toEqual(['star']);
  });

  test('if something of others would go with the old schema of an earlier rebuild', async () => {
    const scenario = await createShopWithHistory();
    await rebuildShop(scenario);
    await scenario.warehouse.query('create view public.old_items as select item_id from star_before.fact_item');
    await expectRefused(
      scenario,
      /star_before, left by an earlier rebuild, cannot be dropped because of view public\.old_items; drop that first; star is as before$/,
    );
    await scenario.warehouse.query('drop view public.old_items');
    await rebuildShop(scenario);
  });

  test('if a schema of a name that it needs is not its own', async () => {
    const scenario = await createShopWithHistory();
    await scenario.warehouse.query('create schema star_before; create table star_before.mine (id int)');
    await expectRefused(
      scenario,
      /there is a schema star_before that Weir did not make, .*; rename or drop it; star is/,
    );
    expect(await scenario.warehouse.query('select * from star_before.mine')).toEqual([]);
  });

  test('if the warehouse was loaded from another lake, or the lake is empty', async () => {
    const scenario = await createShopWithHistory();
    const other = { ...scenario, lakeFolder: join(scenario.lakeFolder, 'other') };
    await expectRefused(
      scenario,
      /the warehouse is at batch 4 of another lake, .*other\/processed is at batch 0; point/,
      {
        attempt: () => rebuildShop(other),
      },
    );
    await scenario.warehouse.query('alter schema star rename to aside');
    await expect(rebuildShop(other)).rejects.toThrow(/other\/processed holds no batch of shop to rebuild from/);
  });

  test('if a migration names the schema', async () => {
    const scenario = await createShop({
      warehouse: `${SHOP.warehouse}; create table star.extra (id int primary key, ${TECHNICAL})`,
    });
    await scenario.run();
    await expectRefused(
      scenario,
      /migration 001-tables names the schema star, and would work there and not in star_reb/,
    );
  });
});
