/** Bad input: a clear error that names the thing, the batch and what to do; nothing half applied; and the next run after the mend carries on. */
import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { readDataset } from '../../bin/pipeline.ts';
import { RetryableError, TerminalError, UsageError } from '../../lambdas/shared/errors.ts';
import { sha256Of } from '../../lambdas/shared/manifest-log.ts';
import { interrupted } from '../support/interrupted.ts';
import {
  connectTo,
  createScenario,
  type DatasetText,
  type Scenario,
  type ScenarioOptions,
} from '../support/scenario.ts';

const TECHNICAL = 'batch bigint not null, deleted boolean not null';

const ITEMS: ScenarioOptions = {
  source: `
    create table item (id int primary key, name text, price numeric);
    insert into item select n, 'item ' || n, n from generate_series(1, 20) n;`,
  warehouse: `create table item (id int primary key, name varchar(10), price numeric(6,2) not null, ${TECHNICAL});`,
  models: { item: { sql: 'select id, name, price from item', key: 'id' } },
};

const open: Scenario[] = [];
const undo: (() => unknown)[] = [];

afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
  for (const scenario of open.splice(0)) await scenario.close();
});

/** A scenario that has not run yet. */
async function prepare(options: Partial<ScenarioOptions> = {}): Promise<Scenario> {
  const scenario = await createScenario({ ...ITEMS, ...options });
  open.push(scenario);
  return scenario;
}

/** A scenario whose first batch is in the warehouse. */
async function start(options: Partial<ScenarioOptions> = {}): Promise<Scenario> {
  const scenario = await prepare(options);
  await scenario.run();
  return scenario;
}

const SELECT = 'select id, name, price::float8 as price from item';

async function expectSame(scenario: Scenario): Promise<void> {
  expect(await scenario.warehouse.query(`${SELECT} where not deleted order by id`)).toEqual(
    await scenario.source.query(`${SELECT} order by id`),
  );
}

const failure = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => new Error('it succeeded'),
    (error: Error) => error,
  );

/** The run fails with this kind of error and message, and leaves lake and warehouse as they were. */
async function expectRefused(
  scenario: Scenario,
  run: () => Promise<unknown>,
  kind: abstract new (...args: never[]) => Error,
  message: RegExp | string,
) {
  const before = await stateOf(scenario);
  const error = await failure(run());
  if (typeof message === 'string') expect(error.message).toContain(message);
  else expect(error.message).toMatch(message);
  expect(error).toBeInstanceOf(kind);
  expect(await stateOf(scenario)).toEqual(before);
}

/** Manifests of both buckets, and all that the warehouse holds. */
async function stateOf({ lakeFolder, warehouse }: Scenario): Promise<unknown> {
  const tables = await warehouse.query<{ name: string }>(
    `select c.relname as name from pg_class c where c.relkind = 'r' and c.relnamespace = to_regnamespace('star') order by 1`,
  );
  const rows: Record<string, unknown> = {};
  for (const { name } of tables) rows[name] = await warehouse.query(`select * from ${name} t order by t::text`);
  return { manifests: filesBelow(lakeFolder).filter((path) => path.includes('/manifests/')), rows };
}

function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** The path of an object of the lake. */
function objectOf(scenario: Scenario, pattern: RegExp): string {
  const found = filesBelow(scenario.lakeFolder).filter((path) => pattern.test(path));
  expect(found).toHaveLength(1);
  return found[0] ?? '';
}

const manifestOf = (scenario: Scenario, bucket: string, number: number) =>
  objectOf(scenario, new RegExp(`/${bucket}/shop/manifests/.*/0*${number}\\.json$`));

/** Changes a file; `mend` puts it back. */
function damage(path: string, change: (path: string) => void): { mend: () => void } {
  const kept = `${join(tmpdir(), sha256Of(path))}.kept`;
  copyFileSync(path, kept);
  change(path);
  return {
    mend: () => {
      mkdirSync(dirname(path), { recursive: true });
      copyFileSync(kept, path);
      rmSync(kept);
    },
  };
}

const changeJson = (change: (manifest: Record<string, unknown>) => unknown) => (path: string) =>
  writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')))));

function withUser(url: string, user: string, password: string): string {
  const changed = new URL(url);
  changed.username = user;
  changed.password = password;
  return changed.href;
}

describe('databases', () => {
  test('a wrong password, of the source', async () => {
    const scenario = await start();
    const source = connectTo(withUser(scenario.sourceUrl, 'postgres', 'wrong'));
    await expectRefused(
      scenario,
      () => scenario.run({ source }),
      TerminalError,
      /^ingest shop batch 2: source 127\.0\.0\.1:\d+\/source_\w+ as postgres: password authentication failed for user "postgres" \(28P01\); check the password$/,
    );
  });

  test('a wrong password, of the warehouse', async () => {
    const scenario = await start();
    await scenario.source.query('delete from item where id = 1');
    const stages = await scenario.pipeline({
      warehouse: connectTo(withUser(scenario.warehouseUrl, 'postgres', 'wrong'), 'warehouse'),
    });
    await stages.ingest();
    await stages.transform();
    await expectRefused(
      scenario,
      () => stages.load(),
      TerminalError,
      /^load shop: warehouse 127\.0\.0\.1:.* password authentication failed for user "postgres" \(28P01\); check the password$/,
    );
    await scenario.run();
    await expectSame(scenario);
  });

  test('a host that does not answer', async () => {
    const scenario = await start();
    const unreachable = new URL(scenario.sourceUrl);
    unreachable.port = '1';
    await expectRefused(
      scenario,
      () => scenario.run({ source: connectTo(unreachable.href) }),
      RetryableError,
      /^ingest shop batch 2: source 127\.0\.0\.1:1\/.*ECONNREFUSED.*; check that the server is up and can be reached$/,
    );
  });

  test('a database that does not exist', async () => {
    const scenario = await start();
    const missing = new URL(scenario.sourceUrl);
    missing.pathname = '/nowhere';
    await expectRefused(
      scenario,
      () => scenario.run({ source: connectTo(missing.href) }),
      TerminalError,
      /database "nowhere" does not exist \(3D000\); create the database or correct its name in the address$/,
    );
  });

  test('a right on a table that the role lacks, until it is granted', async () => {
    const scenario = await start();
    const role = `limited_${process.pid}_${Date.now()}`;
    await scenario.source.query(`create role ${role} login password 'secret'`);
    undo.push(() => scenario.source.query(`drop owned by ${role}; drop role ${role}`));
    const source = connectTo(withUser(scenario.sourceUrl, role, 'secret'));
    await scenario.source.query('delete from item where id = 1');
    await expectRefused(
      scenario,
      () => scenario.run({ source }),
      TerminalError,
      new RegExp(
        `^ingest shop batch 2: source .* as ${role}: permission denied for table item \\(42501\\); grant the missing right$`,
      ),
    );
    await scenario.source.query(`grant select on item to ${role}`);
    await scenario.run({ source });
    await expectSame(scenario);
  });

  test('a connection that breaks in the middle of a COPY', async () => {
    const scenario = await start();
    await scenario.source.query(`update item set name = 'x'`);
    const source = interrupted(connectTo(scenario.sourceUrl), /^copy/, async (session) => {
      const [row] = await session.query('select pg_backend_pid() as pid');
      await scenario.source.query('select pg_terminate_backend($1)', [row?.pid]);
    });
    await expectRefused(
      scenario,
      () => scenario.run({ source }),
      RetryableError,
      /^ingest shop batch 2: source .*terminat/,
    );
    await scenario.run();
    await expectSame(scenario);
  });
});

describe('the data set', () => {
  async function folderWith(change: (folder: string) => void): Promise<string> {
    const scenario = await prepare();
    change(scenario.datasetFolder);
    return scenario.datasetFolder;
  }

  const edit = (from: string | RegExp, to: string) => (folder: string) => {
    const file = join(folder, 'dataset.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));
  };

  test.each<[string, (folder: string) => void, RegExp]>([
    [
      'an unknown key',
      edit('models:', 'modles:'),
      /dataset\.yaml is refused:[\s\S]*"modles"[\s\S]*valid keys: source, warehouse, calendar, max_delete_share, models; of a model: apply \(latest, history, events\), key$/,
    ],
    [
      'an unknown key of a model',
      edit('apply: latest', 'aply: latest'),
      /dataset\.yaml is refused:[\s\S]*"aply"[\s\S]*models\.item/,
    ],
    [
      'a wrong value',
      edit('apply: latest', 'apply: newest'),
      /"latest"\|"history"\|"events"[\s\S]*models\.item\.apply/,
    ],
    ['a share above 1', edit('models:', 'max_delete_share: 20\nmodels:'), /max_delete_share/],
    ['a day that is none', edit('models:', 'calendar: { from: 2000-01-01, to: 2000-02-30 }\nmodels:'), /calendar\.to/],
    ['a name of a model that is no name', edit('item:', '"item; drop":'), /item; drop/],
    [
      'two models of one name',
      edit('models:', 'models:\n  item: { apply: latest, key: id }'),
      /dataset\.yaml: Map keys must be unique at line 8/,
    ],
    ['text that is no YAML', edit('models:', 'models: ]'), /dataset\.yaml: /],
    [
      'a file of a model that is missing',
      (folder) => rmSync(join(folder, 'models', 'item.sql')),
      /dataset\.yaml: no file models\/item\.sql for model item; present: $/,
    ],
    [
      'a file too many',
      (folder) => writeFileSync(join(folder, 'models', 'extra.sql'), 'select 1'),
      /dataset\.yaml: models\/extra\.sql is not described; add it below "models" with its key and apply$/,
    ],
    ['no description at all', (folder) => rmSync(join(folder, 'dataset.yaml')), /dataset\.yaml: ENOENT/],
  ])('%s is refused with the file and the place', async (_, change, message) => {
    const folder = await folderWith(change);
    const error = await failure(readDataset(folder));
    expect(error.message).toMatch(message);
    expect(error).toBeInstanceOf(UsageError);
  });

  test.each([
    ['is no SELECT', 'delete from item', /models\/item\.sql: .*SELECT/],
    [
      'is two statements',
      'select id, name, price from item; select 1',
      /models\/item\.sql: 2 statements; a model is one SELECT$/,
    ],
    ['is empty', '', /models\/item\.sql: 0 statements; a model is one SELECT$/],
    ['is no SQL', 'selekt id from item', /models\/item\.sql: syntax error at or near "selekt"/],
    [
      'depends on the clock',
      'select id, name, price, now() as at from item',
      /models\/item\.sql: now\(\) differs from run to run; a model depends on its tables alone$/,
    ],
    [
      'depends on chance',
      'select id, name, price + random() as price from item',
      /models\/item\.sql: random\(\) differs from run to run/,
    ],
    [
      'depends on the clock by another name',
      'select id, name, price, current_date as day from item',
      /models\/item\.sql: current_date differs from run to run; a model depends on its tables alone$/,
    ],
    [
      'reads a file',
      `select * from read_csv('/etc/passwd')`,
      /models\/item\.sql: read_csv\(\) reads no table of the data set; a model depends on its tables alone$/,
    ],
    ['reads a file by its name', `select * from '/etc/passwd'`, /models\/item\.sql|no table/],
  ])('a model that %s', async (_, sql, message) => {
    const scenario = await start();
    scenario.describe({ ...ITEMS, models: { item: { sql, key: 'id' } } });
    await expectRefused(scenario, () => scenario.run(), TerminalError, message);
    scenario.describe(ITEMS);
    await scenario.source.query('delete from item where id = 1');
    await scenario.run();
    await expectSame(scenario);
  });

  test.each([
    [
      'table',
      'select id, name, price from itme',
      'ingest shop batch 2: the source has no table itme in schema public, which the models read; it has: item',
    ],
    [
      'column',
      'select id, nmae as name, price from item',
      /^ingest shop batch 2: model item does not fit the source: .*"nmae" not found.*The source has: item \(id, name, price\)$/s,
    ],
    [
      'key',
      'select name, price from item',
      'ingest shop batch 2: model item gives no column id, its key; it gives name, price',
    ],
  ])('a model that names an unknown %s', async (_, sql, message) => {
    const scenario = await start();
    scenario.describe({ ...ITEMS, models: { item: { sql, key: 'id' } } });
    await expectRefused(scenario, () => scenario.run(), TerminalError, message);
    scenario.describe(ITEMS);
    await scenario.source.query('delete from item where id = 1');
    await scenario.run();
    await expectSame(scenario);
  });

  test('a model whose join multiplies rows', async () => {
    const joined = { item: { sql: 'select i.id, i.name, i.price from item i join tag t on t.item = i.id', key: 'id' } };
    const scenario = await start({
      source: `${ITEMS.source} create table tag (id int primary key, item int); insert into tag select n, n from generate_series(1, 20) n`,
      models: joined,
    });
    await scenario.source.query('insert into tag values (21, 5)');
    await scenario.source.query('delete from tag where id = 20');
    await (await scenario.pipeline()).ingest();
    await expectRefused(
      scenario,
      async () => (await scenario.pipeline()).transform(),
      TerminalError,
      'transform shop/item batch 2: 20 rows but 19 distinct values of the key id; a join multiplies rows or the source has them twice, correct the model',
    );
    scenario.describe({
      ...ITEMS,
      models: {
        item: { ...joined.item, sql: `select distinct i.id, i.name, i.price from item i join tag t on t.item = i.id` },
      },
    });
    await scenario.run();
    expect(await scenario.warehouse.query('select count(*) from item where not deleted')).toEqual([{ count: '19' }]);
  });

  test('a table without a primary key is taken whole with a warning, its updates and deletes included', async () => {
    const scenario = await start({ source: ITEMS.source.replace('primary key', '') });
    const warning = 'item has no primary key: it is read whole whenever it changes';
    expect(scenario.warnings).toEqual([warning]);
    await scenario.source.query(
      `update item set name = 'new' where id = 1; delete from item where id = 2; insert into item values (21, 'more', 1)`,
    );
    const { captured } = await scenario.run();
    expect(captured?.tables.item?.data).toMatchObject({ mode: 'whole', rows: 20 });
    expect(scenario.warnings).toEqual([warning, warning]);
    await expectSame(scenario);
    expect((await scenario.run()).captured).toBeUndefined();
  });
});

describe('the lake', () => {
  test('of another data set, in either bucket', async () => {
    const scenario = await start();
    const stages = await scenario.pipeline();
    const rename = changeJson((manifest) => ({ ...manifest, dataset: 'olist' }));
    const refusal = (path: string) => `${path} belongs to data set olist, not shop; use a lake of its own`;
    const ingested = manifestOf(scenario, 'ingestion', 1);
    const { mend } = damage(ingested, rename);
    await expectRefused(scenario, () => stages.ingest(), TerminalError, refusal(ingested));
    mend();
    const processed = manifestOf(scenario, 'processed', 1);
    const again = damage(processed, rename);
    await expectRefused(scenario, () => stages.transform(), TerminalError, refusal(processed));
    await expectRefused(scenario, () => stages.load(), TerminalError, refusal(processed));
    again.mend();
    await scenario.source.query('delete from item where id = 1');
    await scenario.run();
    await expectSame(scenario);
  });

  test.each([
    [
      'is not JSON',
      (path: string) => writeFileSync(path, '{"format": 1,'),
      /the manifest is damaged: .*JSON.*; restore the object, nothing was changed$/,
    ],
    [
      'is empty',
      (path: string) => writeFileSync(path, ''),
      /the manifest is damaged: .*; restore the object, nothing was changed$/,
    ],
    [
      'says another number',
      changeJson((manifest) => ({ ...manifest, number: 7 })),
      /the manifest is damaged: it says that it is number 7; restore the object, nothing was changed$/,
    ],
    [
      'lacks a field',
      changeJson(({ capturedAt: _, ...manifest }) => manifest),
      /the manifest is damaged: [\s\S]*capturedAt; restore the object, nothing was changed$/,
    ],
    [
      'is of a later format',
      changeJson((manifest) => ({ ...manifest, format: 2 })),
      /the manifest is damaged: [\s\S]*format; restore the object, nothing was changed$/,
    ],
  ])('with a manifest that %s, in either bucket', async (_, change, message) => {
    const scenario = await start();
    const stages = await scenario.pipeline();
    await scenario.source.query('delete from item where id = 1');
    const ingested = damage(manifestOf(scenario, 'ingestion', 1), change);
    await expectRefused(scenario, () => stages.ingest(), TerminalError, message);
    await expectRefused(scenario, () => stages.transform(), TerminalError, message);
    ingested.mend();
    await stages.ingest();
    const processed = damage(manifestOf(scenario, 'processed', 1), change);
    await expectRefused(scenario, () => stages.transform(), TerminalError, message);
    await expectRefused(scenario, () => stages.load(), TerminalError, message);
    processed.mend();
    await scenario.run();
    await expectSame(scenario);
  });

  test('with a gap in either log', async () => {
    const scenario = await start();
    const stages = await scenario.pipeline();
    for (const id of [1, 2]) {
      await scenario.source.query(`delete from item where id = ${id}`);
      await stages.ingest();
    }
    const ingested = damage(manifestOf(scenario, 'ingestion', 2), rmSync);
    await expectRefused(
      scenario,
      () => stages.transform(),
      TerminalError,
      'manifest 2 is missing although later ones exist; restore it',
    );
    ingested.mend();
    await stages.transform();
    const processed = damage(manifestOf(scenario, 'processed', 2), rmSync);
    await expectRefused(
      scenario,
      () => stages.load(),
      TerminalError,
      'manifest 2 is missing although later ones exist; restore it',
    );
    processed.mend();
    await scenario.run();
    await expectSame(scenario);
  });

  test('with captured rows that are cut off, altered or gone', async () => {
    const scenario = await start();
    const stages = await scenario.pipeline();
    await scenario.source.query(`update item set name = 'x'`);
    await stages.ingest();
    const keep = manifestOf(scenario, 'ingestion', 2);
    const { tables } = JSON.parse(readFileSync(keep, 'utf8'));
    const path = join(scenario.lakeFolder, 'ingestion', tables.item.data.key);
    const message =
      /^transform shop batch 2: .*\.csv\.gz is damaged: \d+ bytes with sha256 [0-9a-f]{64}, the manifest says \d+ with [0-9a-f]{64}; restore the object, nothing was changed$/;
    for (const change of [
      (path: string) => truncateSync(path, 60),
      (path: string) => writeFileSync(path, 'x', { flag: 'a' }),
    ]) {
      const { mend } = damage(path, change);
      await expectRefused(scenario, () => stages.transform(), TerminalError, message);
      mend();
    }
    const { mend } = damage(path, rmSync);
    await expectRefused(
      scenario,
      () => stages.transform(),
      TerminalError,
      /^transform shop batch 2: .*\.csv\.gz: there is no such object/,
    );
    mend();
    await scenario.run();
    await expectSame(scenario);
  });

  test.each([
    ['cut off', (whole: Buffer) => whole.subarray(0, Math.floor(whole.length / 2)), /^transform shop\/item batch 2: /],
    [
      'fewer than its manifest says',
      (whole: Buffer) => gzipSync(gunzipSync(whole).toString().split('\n').slice(0, -101).join('\n')),
      /^transform shop\/item batch 2: shop\/item\/.*\.csv\.gz gives 4900 rows, its manifest says 5000; restore the object, nothing was changed$/,
    ],
  ])('with captured rows that were %s when they were hashed', async (_, harm, message) => {
    const rows = `insert into item select n, md5(n::text), n from generate_series(1, 5000) n`;
    const scenario = await start({
      source: `create table item (id int primary key, name text, price numeric); ${rows}`,
      warehouse: ITEMS.warehouse.replace('varchar(10)', 'text'),
    });
    const stages = await scenario.pipeline();
    await scenario.source.query('update item set name = md5(name)');
    await stages.ingest();
    const manifest = manifestOf(scenario, 'ingestion', 2);
    const { tables } = JSON.parse(readFileSync(manifest, 'utf8'));
    const path = join(scenario.lakeFolder, 'ingestion', tables.item.data.key);
    const content = harm(readFileSync(path));
    const data = { ...tables.item.data, bytes: content.length, sha256: hash('sha256', content) };
    const object = damage(path, () => writeFileSync(path, content));
    const record = damage(
      manifest,
      changeJson((captured) => ({ ...captured, tables: { item: { ...tables.item, data } } })),
    );
    await expectRefused(scenario, () => stages.transform(), TerminalError, message);
    object.mend();
    record.mend();
    await scenario.run();
    await expectSame(scenario);
  });

  test('with output rows that are altered or gone', async () => {
    const scenario = await start();
    const stages = await scenario.pipeline();
    await scenario.source.query(`update item set name = 'x'`);
    await stages.ingest();
    await stages.transform();
    const path = objectOf(scenario, /processed\/shop\/item\/.*2\.parquet$/);
    const altered = damage(path, (path) => truncateSync(path, 100));
    await expectRefused(
      scenario,
      () => stages.load(),
      TerminalError,
      /^load shop\/item batch 2: .*2\.parquet is damaged: 100 bytes with sha256/,
    );
    altered.mend();
    const gone = damage(path, rmSync);
    await expectRefused(
      scenario,
      () => stages.load(),
      TerminalError,
      /^load shop\/item batch 2: .*2\.parquet: there is no such object/,
    );
    gone.mend();
    await scenario.run();
    await expectSame(scenario);
  });

  test('whose processed bucket is ahead of its ingestion bucket, or made from another', async () => {
    const scenario = await start();
    const bucket = join(scenario.lakeFolder, 'ingestion');
    const kept = `${bucket}.kept`;
    renameSync(bucket, kept);
    await expectRefused(
      scenario,
      async () => (await scenario.pipeline()).transform(),
      TerminalError,
      'transform shop: the processed log is at batch 1, the ingestion log at 0; the two buckets do not belong together',
    );
    const stages = await scenario.pipeline();
    await stages.ingest();
    await scenario.source.query('delete from item where id = 1');
    await stages.ingest();
    await expectRefused(
      scenario,
      () => stages.transform(),
      TerminalError,
      'transform shop batch 2: it does not follow the batch 1 that the processed bucket was made from; the two buckets do not belong together',
    );
    rmSync(bucket, { recursive: true });
    renameSync(kept, bucket);
    await scenario.run();
    await expectSame(scenario);
  });
});

describe('the warehouse', () => {
  test('whose ledger is ahead of the lake', async () => {
    const scenario = await start();
    const kept = `${scenario.lakeFolder}.kept`;
    spawnSync('cp', ['-r', scenario.lakeFolder, kept]);
    await scenario.source.query('delete from item where id = 1');
    await scenario.run();
    rmSync(scenario.lakeFolder, { recursive: true });
    renameSync(kept, scenario.lakeFolder);
    await expectRefused(
      scenario,
      async () => (await scenario.pipeline()).load(),
      TerminalError,
      /^load shop: the warehouse is at batch 2 of another lake, .*processed is at batch 1; point --lake to the lake that it was loaded from, or load into an empty schema\. Nothing was changed$/,
    );
    await scenario.warehouse.query('drop schema star cascade');
    await scenario.run();
    await expectSame(scenario);
  });

  test.each([
    ['as old', 0, /^load shop: the warehouse is at batch 1 of another lake, .* is at batch 1; point --lake/],
    [
      'older',
      1,
      'load shop batch 2: it does not follow the batch 1 that the warehouse holds; the lake is another one. Nothing was changed',
    ],
  ])('of another lake that is %s', async (_, more, message) => {
    const scenario = await start();
    rmSync(scenario.lakeFolder, { recursive: true });
    const stages = await scenario.pipeline();
    for (let id = 0; id <= more; id++) {
      await scenario.source.query(`delete from item where id = ${id}`);
      await stages.ingest();
    }
    await stages.transform();
    await expectRefused(scenario, () => stages.load(), TerminalError, message);
  });

  test.each([
    [
      'table',
      'alter table item rename to other',
      'load shop/item batch 2: the warehouse has no table item; create it in a migration',
      'alter table other rename to item',
    ],
    [
      'column',
      'alter table item rename name to other',
      'load shop/item batch 2: warehouse table item has no column name; add it in a migration, it has: id, other, price, batch, deleted',
      'alter table item rename other to name',
    ],
    [
      'technical column',
      'alter table item rename deleted to other',
      'load shop/item batch 2: warehouse table item has no column deleted; add it in a migration, it has: id, name, price, batch, other',
      'alter table item rename other to deleted',
    ],
  ])('without a %s', async (_, harm, message, mend) => {
    const scenario = await start();
    await scenario.warehouse.query(harm);
    await scenario.source.query('delete from item where id = 1');
    const stages = await scenario.pipeline();
    await stages.ingest();
    await stages.transform();
    await expectRefused(scenario, () => stages.load(), TerminalError, message);
    await scenario.warehouse.query(mend);
    await scenario.run();
    await expectSame(scenario);
  });

  test('whose key may be empty: a row without one would be added again with every batch', async () => {
    const scenario = await start();
    await scenario.warehouse.query('alter table item drop constraint item_pkey, alter id drop not null');
    await scenario.source.query('delete from item where id = 1');
    const stages = await scenario.pipeline();
    await stages.ingest();
    await stages.transform();
    await expectRefused(
      scenario,
      () => stages.load(),
      TerminalError,
      'load shop/item batch 2: warehouse table item allows no value in id, a key of the model; declare it "not null" in a migration',
    );
    await scenario.warehouse.query('alter table item add primary key (id)');
    await scenario.run();
    await expectSame(scenario);
  });

  test('with a migration that was changed after it was applied', async () => {
    const scenario = await start();
    scenario.describe({ ...ITEMS, warehouse: `${ITEMS.warehouse} -- harmless` });
    await expectRefused(
      scenario,
      async () => (await scenario.pipeline()).load(),
      TerminalError,
      'load shop: migration 001-tables was changed after it was applied; undo the change and write a new migration',
    );
  });

  test('with a migration that fails, which leaves nothing of itself or of those beside it', async () => {
    const scenario = await start();
    const migrations = join(scenario.datasetFolder, 'warehouse');
    writeFileSync(join(migrations, '002-fine.sql'), 'create table fine (id int)');
    writeFileSync(join(migrations, '003-wrong.sql'), 'create table half (id int); alter table itme add note text');
    await expectRefused(
      scenario,
      async () => (await scenario.pipeline()).load(),
      TerminalError,
      /^load shop: migration 003-wrong failed, star is as before: .*relation "itme" does not exist/,
    );
    writeFileSync(join(migrations, '003-wrong.sql'), 'create table half (id int); alter table item add note text');
    await scenario.run();
    expect(await scenario.warehouse.query('select name from weir_migration order by name')).toEqual([
      { name: '001-tables' },
      { name: '002-fine' },
      { name: '003-wrong' },
    ]);
  });
});

describe('columns of the source', () => {
  test('a column that a model needs and that goes stops the poll until it is back or the model does without it', async () => {
    const scenario = await start();
    await scenario.source.query('alter table item rename price to cost');
    await expectRefused(
      scenario,
      () => scenario.run(),
      TerminalError,
      /^ingest shop batch 2: model item does not fit the source: .*price.*change the model or the source, nothing was read\. The source has: item \(id, name, cost\)$/s,
    );
    scenario.describe({ ...ITEMS, models: { item: { sql: 'select id, name, cost as price from item', key: 'id' } } });
    await scenario.run();
    expect(await scenario.warehouse.query(`${SELECT} order by id`)).toEqual(
      await scenario.source.query('select id, name, cost::float8 as price from item order by id'),
    );
  });

  test('a column that takes another type stops the poll until the model casts it', async () => {
    const scenario = await start();
    await scenario.source.query('alter table item alter price type double precision');
    await expectRefused(
      scenario,
      () => scenario.run(),
      TerminalError,
      'ingest shop batch 2: the source changed under model item: its column price was VARCHAR and is now DOUBLE; nothing was read. ' +
        'Cast it in the model, migrate the warehouse or undo the change',
    );
    scenario.describe({
      ...ITEMS,
      models: { item: { sql: 'select id, name, cast(price as varchar) as price from item', key: 'id' } },
    });
    await scenario.run();
    await expectSame(scenario);
  });
});

describe('rows that do not fit', () => {
  const quarantine = (scenario: Scenario) =>
    scenario.warehouse.query('select source_key, batch, stage, reason, row from weir_quarantine order by source_key');
  const waiting = (id: number, batch: number, reason: string, row: Record<string, string | null>) => ({
    source_key: `["${id}"]`,
    batch: String(batch),
    stage: 'load',
    reason,
    row: JSON.stringify({ id: String(id), ...row }, ['id', 'name', 'price'])
      .replaceAll('":', '": ')
      .replaceAll(',"', ', "'),
  });

  const NO_PRICE = 'no value in price, which may not be empty';
  const TOO_LARGE = 'price: numeric field overflow';
  const TOO_LONG = 'name: value too long for type character varying(10)';

  test('a NULL where none may be, a text too long, a number too large and one that is none wait in quarantine, and all others arrive', async () => {
    const scenario = await prepare({ source: ITEMS.source.replace('price numeric', 'price text') });
    await scenario.source.query(`
      update item set price = null where id = 1;
      update item set name = 'far too long a name' where id = 2;
      update item set price = '12345.6' where id = 3;
      update item set price = 'cheap' where id = 4;
      update item set name = 'far too long a name', price = '' where id = 5`);
    const { loaded } = await scenario.run();
    expect(loaded[0]?.models.item).toEqual({ inserted: 15, changed: 0, deleted: 0, unchanged: 0, quarantined: 5 });
    expect(await quarantine(scenario)).toEqual([
      waiting(1, 1, NO_PRICE, { name: 'item 1', price: null }),
      waiting(2, 1, TOO_LONG, { name: 'far too long a name', price: '2' }),
      waiting(3, 1, TOO_LARGE, { name: 'item 3', price: '12345.6' }),
      waiting(4, 1, 'price: invalid input syntax for type numeric: "cheap"', { name: 'item 4', price: 'cheap' }),
      waiting(5, 1, `${TOO_LONG}; price: invalid input syntax for type numeric: ""`, {
        name: 'far too long a name',
        price: '',
      }),
    ]);

    await scenario.source.query(`insert into item values (21, 'others', '1')`);
    expect((await scenario.run()).loaded[0]?.models.item).toEqual({
      inserted: 1,
      changed: 0,
      deleted: 0,
      unchanged: 0,
      quarantined: 5,
    });

    await scenario.source.query(`
      update item set price = '5' where id = 1; update item set name = 'short' where id = 2;
      update item set price = 'cheaper' where id = 4; delete from item where id in (3, 5)`);
    expect((await scenario.run()).loaded[0]?.models.item).toMatchObject({ inserted: 2, quarantined: 1 });
    expect(await quarantine(scenario)).toEqual([
      waiting(4, 3, 'price: invalid input syntax for type numeric: "cheaper"', { name: 'item 4', price: 'cheaper' }),
    ]);
    await scenario.source.query(`update item set price = '4' where id = 4`);
    await scenario.run();
    await expectSame(scenario);
    expect(await quarantine(scenario)).toEqual([]);
  });

  test('a version that does not fit leaves the one before in place, and never marks it deleted', async () => {
    const scenario = await start();
    await scenario.source.query(`update item set price = 99999 where id = 7; delete from item where id = 8`);
    await scenario.run();
    expect(
      await scenario.warehouse.query('select id, price, deleted from item where id in (7, 8) order by id'),
    ).toEqual([
      { id: '7', price: '7.00', deleted: 'f' },
      { id: '8', price: '8.00', deleted: 't' },
    ]);
    await scenario.source.query('vacuum full item'); // the whole table comes again
    await scenario.run();
    expect(await quarantine(scenario)).toEqual([waiting(7, 3, TOO_LARGE, { name: 'item 7', price: '99999' })]);
    expect(await scenario.warehouse.query('select deleted from item where id = 7')).toEqual([{ deleted: 'f' }]);
  });

  test('rows come back by themselves when a migration makes room for them', async () => {
    const scenario = await start();
    await scenario.source.query(
      `update item set price = 99999, name = null where id = 7; update item set name = 'far too long a name' where id = 8`,
    );
    await scenario.run();
    expect(await quarantine(scenario)).toHaveLength(2);
    writeFileSync(
      join(scenario.datasetFolder, 'warehouse', '002-room.sql'),
      'alter table item alter name type text, alter price type numeric(10,2)',
    );
    await scenario.source.query(`insert into item values (21, 'any change', 1)`);
    expect((await scenario.run()).loaded[0]?.models.item).toEqual({
      inserted: 1,
      changed: 2,
      deleted: 0,
      unchanged: 0,
      quarantined: 0,
    });
    await expectSame(scenario);
  });

  test('a key that does not fit waits too, and goes when its row goes', async () => {
    const scenario = await start({
      source: `create table item (id text primary key, name text, price numeric); insert into item values ('a', 'a', 1), ('far too long a key', 'b', 2), ('12345', 'c', 3)`,
      warehouse: `create table item (id varchar(5) primary key, name text, price numeric, ${TECHNICAL});`,
    });
    const keys = () => scenario.warehouse.query('select source_key from weir_quarantine');
    expect(await keys()).toEqual([{ source_key: '["far too long a key"]' }]);
    await scenario.source.query(`delete from item where id = 'a'`);
    await scenario.run();
    expect(await scenario.warehouse.query('select id, deleted from item order by id')).toEqual([
      { id: '12345', deleted: 'f' },
      { id: 'a', deleted: 't' },
    ]);
    expect(await keys()).toEqual([{ source_key: '["far too long a key"]' }]);
    await scenario.source.query(`update item set price = 5 where id = 'far too long a key'`);
    await scenario.run();
    expect(await scenario.warehouse.query('select source_key, row from weir_quarantine')).toEqual([
      { source_key: '["far too long a key"]', row: '{"id": "far too long a key", "name": "b", "price": "5"}' },
    ]);
    await scenario.source.query(`delete from item where id = 'far too long a key'`);
    await scenario.run();
    expect(await keys()).toEqual([]);
  });

  test('values of every kind come back from quarantine unaltered', async () => {
    const columns = (kind: string) =>
      `id int primary key, moment timestamptz, flag boolean, part int[], json json, document jsonb, ratio double precision, raw bytea, gap interval, price ${kind}, parent int`;
    const names = 'id, moment, flag, part, json, document, ratio, raw, gap, price, parent';
    const scenario = await start({
      source: `create table item (${columns('numeric')}); insert into item values
        (1, '2026-11-21 10:00:00.000001+02', true, '{1,NULL}', '{"a" : 1}', '"text"', '-0', '\\x00ff', '1 mon', 1.50, 7),
        (2, 'infinity', false, '{}', 'null', 'null', 'NaN', '\\x', '30 days', 123456, null),
        (3, '0044-03-15 00:00:00+00 BC', null, '[2:3]={1,2}', '[1.0]', '1.00', '5e-324', null, '-1 day', 3, null)`,
      warehouse: `create table parent (id int primary key); create table item (${columns('numeric(6,2)')} references parent, ${TECHNICAL});`,
      models: { item: { sql: `select ${names} from item`, key: 'id' } },
    });
    expect(await scenario.warehouse.query('select source_key, reason from weir_quarantine order by 1')).toEqual([
      { source_key: '["1"]', reason: 'parent (id) = (7) is not in parent' },
      { source_key: '["2"]', reason: TOO_LARGE },
    ]);
    writeFileSync(
      join(scenario.datasetFolder, 'warehouse', '002-room.sql'),
      'alter table item alter price type numeric; insert into parent values (7)',
    );
    await scenario.source.query('update item set price = 4 where id = 3');
    await scenario.run();
    const select = `select ${names
      .split(', ')
      .map((name) => `${name}::text`)
      .join(', ')} from item order by id`;
    expect(await scenario.warehouse.query(select)).toEqual(await scenario.source.query(select));
  });

  test('what the check of a domain refuses waits like what a type refuses', async () => {
    const scenario = await start({
      warehouse: `create domain positive as numeric check (value > 0); create table item (id int primary key, name text, price positive, ${TECHNICAL});`,
    });
    await scenario.source.query('update item set price = -1 where id = 1');
    await scenario.run();
    expect(await quarantine(scenario)).toEqual([
      waiting(1, 2, 'price: value for domain positive violates check constraint "positive_check"', {
        name: 'item 1',
        price: '-1',
      }),
    ]);
  });

  test('a few values that break the model are found among thousands, and more than a thousand stop the line', async () => {
    const casting: DatasetText = {
      ...ITEMS,
      models: { item: { sql: 'select id, name, cast(name as integer) + 0 as price from item', key: 'id' } },
    };
    const scenario = await start({
      ...casting,
      source: `create table item (id int primary key, name text); insert into item select n, n % 9999 from generate_series(1, 3000) n; update item set name = 'none' where id in (1, 1500, 3000)`,
    });
    expect(
      await scenario.warehouse.query(
        `select source_key, stage, row ->> 'name' as name from weir_quarantine order by (source_key ->> 0)::int`,
      ),
    ).toEqual(['1', '1500', '3000'].map((id) => ({ source_key: `["${id}"]`, stage: 'transform', name: 'none' })));
    expect(await scenario.warehouse.query('select count(*) from item')).toEqual([{ count: '2997' }]);

    await scenario.source.query(`update item set name = 'no number' where id <= 1001`);
    await (await scenario.pipeline()).ingest();
    await expectRefused(
      scenario,
      async () => (await scenario.pipeline()).transform(),
      TerminalError,
      /^transform shop\/item batch 2: more than 1000 rows do not fit, the first because: .*no number.*; stopped, correct the source or the model$/,
    );
    scenario.describe({
      ...ITEMS,
      models: {
        item: { sql: 'select id, name, coalesce(try_cast(name as integer), 0) + 0 as price from item', key: 'id' },
      },
    });
    await scenario.run();
    expect(await scenario.warehouse.query('select count(*) from item where price = 0')).toEqual([{ count: '1003' }]);
    expect(await scenario.warehouse.query('select * from weir_quarantine')).toEqual([]);
  });
});

/** A file system of this many megabytes, gone after the test; undefined where none can be mounted. */
function smallDisk(megabytes: number): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'weir-small-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
  undo.push(() => {
    if (status === 0) spawnSync('umount', [folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  return status === 0 ? folder : undefined;
}

const canMount = smallDisk(1) !== undefined;
for (const action of undo.splice(0).reverse()) action();
const testWithSmallDisk = canMount ? test : test.skip;
const skipped = canMount ? '' : 'SKIPPED, since this user cannot mount a small file system: ';

/** Runs a stage in a process of its own, whose temporary files go to `folder`. */
async function runStage(scenario: Scenario, stage: 'transform' | 'load', folder: string): Promise<void> {
  const project = join(import.meta.dirname, '..', '..');
  const script = `
    import { createPipeline, readDataset } from '${project}/bin/pipeline.ts';
    import { openLake } from '${project}/lambdas/shared/lake.ts';
    import { connect } from '${project}/lambdas/shared/postgres.ts';
    const [dataset, lake, url, stage] = process.argv.slice(1);
    const log = { info: () => undefined, warn: () => undefined };
    const session = () => connect({ url, role: 'warehouse' });
    const stages = createPipeline({ dataset: await readDataset(dataset), source: session, warehouse: session, lake: openLake(lake), log });
    await stages[stage]().catch((error) => { console.error(error.name + ': ' + error.message); process.exitCode = 1; });`;
  const args = [scenario.datasetFolder, scenario.lakeFolder, scenario.warehouseUrl, stage];
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script, '--', ...args], {
    env: { ...process.env, TMPDIR: folder, NODE_NO_WARNINGS: '1' },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr.trim());
}

describe('a full disk', () => {
  const ROWS = `insert into item select n, md5(n::text) || md5((n + 1)::text), n % 100 from generate_series(1, 100000) n`;
  const big: Partial<ScenarioOptions> = {
    source: 'create table item (id int primary key, name text, price numeric)',
    warehouse: ITEMS.warehouse.replace('varchar(10)', 'text'),
  };

  testWithSmallDisk(`${skipped}of the lake stops the stage, and the next run with room carries on`, async () => {
    const scenario = await prepare(big);
    await scenario.source.query(ROWS);
    const disk = smallDisk(2) ?? '';
    mkdirSync(scenario.lakeFolder, { recursive: true });
    spawnSync('mount', ['--bind', disk, scenario.lakeFolder]);
    undo.push(() => spawnSync('umount', [scenario.lakeFolder]));
    await expectRefused(
      scenario,
      () => scenario.run(),
      RetryableError,
      /^ingest shop batch 1: write .*: disk full \(ENOSPC\); nothing was committed, free some space and run again$/,
    );
    expect(filesBelow(scenario.lakeFolder)).toEqual([]);
    spawnSync('mount', ['-o', 'remount,size=100m', disk]);
    await scenario.run();
    await expectSame(scenario);
  });

  testWithSmallDisk(
    `${skipped}for temporary files stops transform and load, and the next run with room carries on`,
    async () => {
      const scenario = await start(big);
      await scenario.source.query(ROWS);
      const disk = smallDisk(2) ?? '';
      const stages = await scenario.pipeline();
      await stages.ingest();
      const noRoom =
        /^RetryableError: (transform|load) shop.* batch 2: .*make room( on the local disk)? and run again$/s;
      const runInside = (stage: 'transform' | 'load') => runStage(scenario, stage, disk);
      await expectRefused(scenario, () => runInside('transform'), Error, noRoom);
      expect(filesBelow(disk)).toEqual([]);
      await stages.transform();
      await expectRefused(scenario, () => runInside('load'), Error, noRoom);
      expect(filesBelow(disk)).toEqual([]);
      spawnSync('mount', ['-o', 'remount,size=100m', disk]);
      await runInside('load');
      await expectSame(scenario);
    },
  );
});
