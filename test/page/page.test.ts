import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LocalPage, startPage } from '../../bin/page/start-page.ts';
import { readDataset } from '../../bin/pipeline.ts';
import { openLake } from '../../lambdas/shared/lake.ts';
import { connectTo, createScenario, type Scenario } from '../support/scenario.ts';
import { ask, listen, openPage } from './local-page.ts';

const HOSTILE = `<script>alert("1")</script>'"&`;
const NOWHERE = 'postgres://reader:unseen-secret@127.0.0.1:1/warehouse';

let scenario: Scenario;
let page: LocalPage;
const others: LocalPage[] = [];

beforeAll(async () => {
  scenario = await createScenario({
    source: `
      create table "<b>bag" (bag_id int primary key, name text, maker int);
      insert into "<b>bag" values (1, 'tote', 1), (2, $$${HOSTILE}$$, 99)`,
    models: {
      dim_bag: { sql: '-- one row per bag\nselect bag_id, name, maker from "<b>bag"', key: 'bag_id' },
    },
    warehouse: `
      create table maker (maker_id int primary key);
      insert into maker values (1);
      create table dim_bag (bag_id int primary key, name text, maker int references maker, batch bigint not null, deleted boolean not null)`,
  });
  await scenario.run();
  page = await openPage(scenario);
});

afterEach(async () => {
  for (const other of others.splice(0)) await other.close();
});

afterAll(async () => {
  await page.close();
  await scenario.close();
});

test('only its own address is answered, so that no other site can read it through a name of its own', async () => {
  expect(await ask(page, '/', { host: 'evil.example' })).toMatchObject({
    status: 403,
    body: 'this page answers to its own address only',
  });
  const { port } = new URL(page.url);
  expect((await ask(page, '/', { host: `localhost:${port}` })).status).toBe(200);
  expect((await ask(page, '/', { host: 'localhost:1' })).status).toBe(403);
});

test('it listens on the loopback interface alone', () => {
  expect(new URL(page.url).hostname).toBe('127.0.0.1');
});

test('it is for reading: other methods are refused', async () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH'])
    expect(await ask(page, '/batches', { method })).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
});

test('every answer forbids scripts, styles and frames of others, and is kept by no cache', async () => {
  for (const path of ['/', '/batches/1', '/no-such-page', '/page.js']) {
    const { headers } = await ask(page, path);
    expect(headers).toMatchObject({
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
  }
});

test('names and values of the source are text, whatever they hold', async () => {
  for (const path of ['/', '/batches', '/batches/1', '/quarantine', '/schema']) {
    const { status, body } = await ask(page, path);
    expect({ path, status }).toEqual({ path, status: 200 });
    expect(body).not.toContain('<b>bag');
    expect(body).not.toContain('<script>alert');
    expect(body).not.toMatch(/ style=| on[a-z]+=/);
  }
  expect((await ask(page, '/')).body).toContain('&lt;b&gt;bag');
  expect((await ask(page, '/quarantine')).body).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;');
});

test('the overview says how far each stage is and that a row waits in quarantine', async () => {
  const { body } = await ask(page, '/');
  expect(textOf(body)).toMatch(
    /The warehouse equals the source as it was at batch 1, but for what is in quarantine 1 row in quarantine/,
  );
  expect(textOf(body)).toMatch(/Source 1 table 2 rows PostgreSQL Ingestion bucket batch 1 /);
  expect(textOf(body)).toMatch(/dim_bag latest 1 1 1/);
});

test('a batch is shown in full: what was read, made and applied, its schema, profile and manifests', async () => {
  const text = textOf((await ask(page, '/batches/1')).body);
  expect(text).toContain('Cause first read');
  expect(text).toMatch(/<b>bag 2 2 all rows, 2 rows in \d+ bytes shop\/%3Cb%3Ebag\/\S+\.csv\.gz/);
  expect(text).toMatch(/dim_bag 2 0 \d+ ms all rows, 2 rows in \d+ bytes shop\/dim_bag\/batch_date=\S+\.parquet/);
  expect(text).toMatch(/Applied .* dim_bag 1 0 0 0 1 /);
  expect(text).toMatch(/bag_id INTEGER 0 1 2 name VARCHAR 0 /);
  expect(text).toMatch(/bag_id integer primary key name text maker integer/);
  expect(text).toContain('"systemIdentifier"');
});

test('what is not there is not found', async () => {
  for (const path of ['/batches/2', '/batches/0', '/batches/x', '/elsewhere', '/../package.json'])
    expect({ path, status: (await ask(page, path)).status }).toEqual({ path, status: 404 });
});

test('a column that appears is told with its batch, and readers are told of the batch', async () => {
  const events = listen(page, await versionOf('/'));
  await until(() => events.received().includes('event: activity'));
  expect(events.received()).not.toContain('event: change');
  await scenario.source.query(
    `alter table "<b>bag" add column colour text; update "<b>bag" set colour = 'red' where bag_id = 1`,
  );
  await scenario.run();
  await until(() => events.received().includes('event: change'));
  events.close();
  const { body } = await ask(page, '/schema');
  expect(textOf(body)).toMatch(/Changes In batches 1 to 2\. .* 2 .* <b>bag\.colour new, text/);
});

test('a warehouse that is down hides what it holds, and nothing else; its password is not shown', async () => {
  const blind = await openPage(scenario, NOWHERE);
  others.push(blind);
  for (const path of ['/', '/batches', '/batches/1', '/quarantine', '/reports']) {
    const { body } = await ask(blind, path);
    expect(body).toContain('ECONNREFUSED 127.0.0.1:1');
    expect(body).not.toContain('unseen-secret');
  }
  const { status, body } = await ask(blind, '/batches/1');
  expect({ status, text: textOf(body) }).toEqual({ status: 200, text: expect.stringContaining('Not loaded yet.') });
});

test('before the first batch every page says that there is nothing yet', async () => {
  const dataset = await readDataset(scenario.datasetFolder);
  const early = await startPage({
    dataset,
    lake: openLake(`${scenario.lakeFolder}-none`),
    warehouse: connectTo(scenario.sourceUrl, 'warehouse'),
  });
  others.push(early);
  const texts = new Map<string, string>();
  for (const path of ['/', '/batches', '/quarantine', '/schema', '/reports'])
    texts.set(path, textOf((await ask(early, path)).body));
  expect(texts.get('/')).toContain('Nothing was captured yet');
  expect(texts.get('/batches')).toContain('No batch yet.');
  expect(texts.get('/quarantine')).toContain('No row is in quarantine');
  expect(texts.get('/schema')).toContain('No batch yet.');
});

test('a port that is taken is told if it was asked for, and passed over if not', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = taken.address() as { port: number };
  const options = {
    dataset: await readDataset(scenario.datasetFolder),
    lake: openLake(scenario.lakeFolder),
    warehouse: connectTo(scenario.warehouseUrl, 'warehouse'),
  };
  await expect(startPage({ ...options, port })).rejects.toThrow(`port ${port}: listen EADDRINUSE`);
  taken.close();
  const [one, other] = [await startPage(options), await startPage(options)];
  others.push(one, other);
  expect(one.url).not.toBe(other.url);
});

test('who shows an older version is told at once', async () => {
  const events = listen(page, 'an older one');
  await until(() => events.received().includes('event: change'));
  events.close();
});

async function versionOf(path: string): Promise<string> {
  return /data-version="(\w+)"/.exec((await ask(page, path)).body)?.[1] ?? '';
}

async function until(happened: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 30_000; !happened(); await sleep(20))
    if (Date.now() > deadline) throw new Error('it did not happen within half a minute');
}

/** What a reader sees, in one line. */
function textOf(html: string): string {
  return html
    .replace(/<head>.*?<\/head>/s, '')
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ');
}
