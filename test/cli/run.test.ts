import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asUser, createParcels, NOWHERE, type Parcels, withOption } from './parcels.ts';
import { weir } from './weir.ts';

let parcels: Parcels;

beforeEach(async () => {
  parcels = await createParcels();
});

afterEach(() => parcels.remove());

const run = (...more: readonly string[]) => weir(['run', ...parcels.options, ...more]);

test('a run carries everything over, the next one what changed, a third finds nothing to do', async () => {
  const { code, stdout, stderr } = await run();
  expect(code).toBe(0);
  expect(stdout).toBe(
    `${[
      'batch  model        inserted  changed  deleted  unchanged  quarantined',
      '──────────────────────────────────────────────────────────────────────',
      '    1  fact_parcel        20        0        0          0            0',
    ].join('\n')}\n`,
  );
  expect(stderr).toMatch(/^ingest {5}read parcel batch=1 mode=whole rows=20 keys=0 milliseconds=\d+$/m);
  expect(stderr).toMatch(/^load {7}batch 1: 20 inserted, 0 changed, 0 deleted {2}\d+\.\d s$/m);

  await parcels.source.query(`
    insert into parcel values (21, 3, '2026-12-01'), (22, 3, 'tomorrow');
    update parcel set kilograms = 9 where parcel_id = 4;
    delete from parcel where parcel_id = 5`);
  const second = await run();
  expect({ code: second.code, row: cells(second.stdout, 'fact_parcel') }).toEqual({
    code: 0,
    row: ['2', 'fact_parcel', '1', '1', '1', '0', '1'],
  });

  expect(await run()).toEqual({ code: 0, stdout: 'nothing changed\n', stderr: '' });
});

test('with --json stdout is one JSON value', async () => {
  const { code, stdout } = await run('--json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    dataset: 'parcels',
    captured: { batch: 1, capturedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) },
    transformed: [1],
    loaded: [
      { batch: 1, models: { fact_parcel: { inserted: 20, changed: 0, deleted: 0, unchanged: 0, quarantined: 0 } } },
    ],
    failures: [],
  });
});

test('the addresses come from the environment as well, and an option is stronger', async () => {
  const [, dataset = ''] = parcels.options;
  const env = { WEIR_SOURCE_URL: parcels.sourceUrl, WEIR_WAREHOUSE_URL: NOWHERE };
  const options = ['--dataset', dataset, '--lake', parcels.lake, '--warehouse', parcels.warehouseUrl];
  const { code, stdout } = await weir(['run', ...options], { env });
  expect({ code, row: cells(stdout, 'fact_parcel') }).toEqual({
    code: 0,
    row: ['1', 'fact_parcel', '20', '0', '0', '0', '0'],
  });
});

test('a mass delete is refused and says how to let it pass; --accept-deletes does', async () => {
  await run();
  await parcels.source.query('delete from parcel where parcel_id > 5');
  const refused = await run();
  expect({ code: refused.code, stdout: refused.stdout }).toEqual({ code: 1, stdout: 'the warehouse is as before\n' });
  expect(refused.stderr).toBe(
    'weir: ingest parcels/parcel batch 2: 15 of 20 rows are gone, more than max_delete_share 0.2 allows; nothing was written. ' +
      'If the rows were meant to go, run once with --accept-deletes\n',
  );
  const accepted = await run('--accept-deletes');
  expect({ code: accepted.code, row: cells(accepted.stdout, 'fact_parcel') }).toEqual({
    code: 0,
    row: ['2', 'fact_parcel', '0', '0', '15', '0', '0'],
  });
});

test('a source that is down does not hold up what was captured, and neither does a warehouse that is down the capture', async () => {
  const withoutWarehouse = await weir(['run', ...withOption(parcels.options, '--warehouse', NOWHERE)]);
  expect({ code: withoutWarehouse.code, stdout: withoutWarehouse.stdout }).toEqual({
    code: 1,
    stdout: 'the warehouse is as before\n',
  });
  expect(withoutWarehouse.stderr).toMatch(/^transform {2}batch 1: 20 rows {2}\d+\.\d s$/m);

  const withoutSource = await weir(['run', ...withOption(parcels.options, '--source', NOWHERE)]);
  expect({ code: withoutSource.code, row: cells(withoutSource.stdout, 'fact_parcel') }).toEqual({
    code: 1,
    row: ['1', 'fact_parcel', '20', '0', '0', '0', '0'],
  });
  expect(errorsIn(withoutSource.stderr)).toEqual([
    expect.stringMatching(
      /^weir: .*source 127\.0\.0\.1:1\/nowhere as somebody: connect ECONNREFUSED 127\.0\.0\.1:1; check that the server is up and can be reached; the next run tries again$/,
    ),
  ]);
});

test('a host that does not exist is one clear line', async () => {
  const unknown = 'postgres://somebody:unseen-secret@no-such-host.invalid/nowhere';
  const { code, stderr } = await weir(['run', ...withOption(parcels.options, '--source', unknown)]);
  expect(code).toBe(1);
  expect(errorsIn(stderr)).toEqual([
    expect.stringMatching(
      /^weir: .*source no-such-host\.invalid:5432\/nowhere as somebody: getaddrinfo .*; the next run tries again$/,
    ),
  ]);
  expect(stderr).not.toContain('unseen-secret');
});

test('a wrong password is named as the cause, and never printed', async () => {
  const wrong = asUser(parcels.sourceUrl, 'postgres', 'unseen-secret');
  const options = withOption(parcels.options, '--source', wrong);
  const { code, stdout, stderr } = await weir(['run', ...options], { env: { WEIR_DEBUG: '1' } });
  expect({ code, stdout }).toEqual({ code: 1, stdout: 'the warehouse is as before\n' });
  expect(errorsIn(stderr)).toEqual([
    expect.stringMatching(
      /^weir: .*source .* as postgres: password authentication failed for user "postgres" \(28P01\); check the password$/,
    ),
  ]);
  expect(stderr).toMatch(/^TerminalError: .*password authentication failed/m);
  expect(stderr).not.toContain('unseen-secret');
});

test('a missing right on a table is told by its name', async () => {
  const role = `reader_${process.pid}`;
  await parcels.source.query(`create role ${role} login password 'pass'`);
  try {
    const reader = asUser(parcels.sourceUrl, role, 'pass');
    const { code, stderr } = await weir(['run', ...withOption(parcels.options, '--source', reader)]);
    expect(code).toBe(1);
    expect(errorsIn(stderr)).toEqual([
      expect.stringMatching(
        /^weir: .*source .* permission denied for table parcel \(42501\); grant the missing right$/,
      ),
    ]);
  } finally {
    await parcels.source.query(`drop role ${role}`);
  }
});

test('a lake of another data set is refused', async () => {
  await run();
  for (const bucket of ['ingestion', 'processed'])
    cpSync(join(parcels.lake, bucket, 'parcels'), join(parcels.lake, bucket, 'letters'), { recursive: true });
  cpSync(join(parcels.folder, 'parcels'), join(parcels.folder, 'letters'), { recursive: true });
  const letters = withOption(parcels.options, '--dataset', join(parcels.folder, 'letters'));
  const { code, stdout, stderr } = await weir(['run', ...letters]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: 'the warehouse is as before\n' });
  expect(errorsIn(stderr)).toEqual(
    ['ingestion', 'processed'].map(
      (bucket) =>
        `weir: ${join(parcels.lake, bucket)}/letters/manifests/000000000/000000000001.json belongs to data set parcels, not letters; use a lake of its own`,
    ),
  );
});

test('a warehouse that is ahead of the lake is left alone', async () => {
  await run();
  await parcels.source.query('delete from parcel where parcel_id = 1');
  await run();
  rmSync(parcels.lake, { recursive: true });
  const { code, stdout, stderr } = await run();
  expect({ code, stdout }).toEqual({ code: 1, stdout: 'the warehouse is as before\n' });
  expect(errorsIn(stderr)).toEqual([
    `weir: load parcels: the warehouse is at batch 2 of another lake, ${join(parcels.lake, 'processed')} is at batch 0; ` +
      'point --lake to the lake that it was loaded from, or load into an empty schema. Nothing was changed',
  ]);
  expect(await parcels.warehouse.query('select count(*) as rows from fact_parcel')).toEqual([{ rows: '21' }]);
});

test('a lake that is a file is refused', async () => {
  writeFileSync(parcels.lake, '');
  const { code, stdout, stderr } = await run();
  expect({ code, stdout, stderr }).toEqual({
    code: 1,
    stdout: '',
    stderr: `weir: open ${join(parcels.lake, 'ingestion')}: a file is in the place of a folder, or a folder in that of a file (ENOTDIR); move it and run again\n`,
  });
});

/** The cells of the first line of a table that names this. */
function cells(table: string, name: string): string[] {
  const line = table.split('\n').find((line) => line.includes(name)) ?? '';
  return line.trim().split(/ {2,}/);
}

function errorsIn(stderr: string): string[] {
  return stderr.split('\n').filter((line) => line.startsWith('weir: '));
}
