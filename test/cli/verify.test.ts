import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createParcels, NOWHERE, type Parcels, withOption } from './parcels.ts';
import { weir } from './weir.ts';

let parcels: Parcels;

beforeEach(async () => {
  parcels = await createParcels();
});

afterEach(() => parcels.remove());

const run = () => weir(['run', ...parcels.options]);
const verify = (...more: readonly string[]) => weir(['verify', ...parcels.options, ...more]);

const INSTANT = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d UTC';

/** Stdout without its first line, which names two instants. */
const below = (stdout: string) =>
  stdout.replace(
    new RegExp(`^parcels: the source at ${INSTANT}, the warehouse at batch (\\d+), captured ${INSTANT}\\n\\n`),
    'at batch $1\n',
  );

test('verify is green after a run, and says how long it took', async () => {
  await run();
  const { code, stdout, stderr } = await verify();
  expect({ code, stdout: below(stdout) }).toEqual({
    code: 0,
    stdout: `at batch 1
table        recomputed  equal  missing  extra  different  quarantined  pending
───────────────────────────────────────────────────────────────────────────────
fact_parcel          20     20        0      0          0            0        0
`,
  });
  expect(stderr).toMatch(
    /^source {5}20 rows read {2}\d+\.\d s\ntransform {2}20 rows made {2}\d+\.\d s\ncompare {4}20 rows equal, 0 differences {2}\d+\.\d s\n$/,
  );
});

test('verify is red after tampering, with the rows and what to do; what changed in the source is pending', async () => {
  await run();
  await parcels.source.query('update parcel set kilograms = 99 where parcel_id = 1');
  await parcels.warehouse.query(`
    update fact_parcel set kilograms = 7, sent = null where parcel_id = 4;
    delete from fact_parcel where parcel_id = 5;
    insert into fact_parcel values (21, 6, 9, '2026-11-06', 1, false)`);
  const { code, stdout, stderr } = await verify();
  expect({ code, stdout: below(stdout) }).toEqual({
    code: 1,
    stdout: `at batch 1
table        recomputed  equal  missing  extra  different  quarantined  pending
───────────────────────────────────────────────────────────────────────────────
fact_parcel          20     17        1      1          1            0        1

fact_parcel
  different  parcel_id 4
             kilograms: 6.00 in the source, 7.00 in the warehouse
             sent: 2026-11-04 in the source, null in the warehouse
  extra      parcel_id 6: the same version twice
  missing    parcel_id 5
`,
  });
  expect(stderr).toMatch(
    /^weir: verify parcels: 3 rows differ in 1 table \(fact_parcel\); weir rebuild makes the warehouse anew from the lake; if they differ after that too, the lake is wrong$/m,
  );
});

test('what cannot be told from changes is said, with what to do', async () => {
  await run();
  await parcels.source.query('alter table parcel add column fragile boolean; delete from parcel where parcel_id = 1');
  const { code, stdout, stderr } = await verify();
  expect({ code, last: stdout.trimEnd().split('\n').slice(-4) }).toEqual({
    code: 1,
    last: [
      'fact_parcel',
      '  extra      parcel_id 1',
      '',
      'What changed in the source since batch 1 cannot be told from what is wrong, because the next batch reads more than ' +
        'changes (structure changed: parcel): run weir run, then verify again.',
    ],
  });
  expect(stderr).toMatch(
    /^weir: verify parcels: 1 row differs in 1 table \(fact_parcel\); weir run, then verify again: some or all of them may be changes since the batch$/m,
  );
  await run();
  expect((await verify()).code).toBe(0);
});

test('with last_updated in dataset.yaml it says whether that can be trusted, which does not change the exit code', async () => {
  const file = join(parcels.folder, 'parcels', 'dataset.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('kind: postgres', 'kind: postgres, last_updated: sent'));
  await run();
  await parcels.source.query('update parcel set kilograms = 9 where parcel_id = 4');
  await run();
  const { code, stdout } = await verify();
  expect({ code, last: stdout.trimEnd().split('\n').slice(-7) }).toEqual({
    code: 0,
    last: [
      'sent, by 2 objects of batches 1 to 2, each with the hash that its manifest says',
      '',
      'table   pairs of versions  changed  without sent',
      '────────────────────────────────────────────────',
      'parcel                  1        1             1',
      '',
      'sent cannot be trusted: 1 of 1 change did not move it.',
    ],
  });
  expect(JSON.parse((await verify('--json')).stdout).lastUpdated).toEqual({
    column: 'sent',
    first: 1,
    last: 2,
    objects: 2,
    tables: [{ table: 'parcel', versions: 1, changed: 1, silent: 1 }],
    verdict: 'sent cannot be trusted: 1 of 1 change did not move it.',
  });
});

test('with --json stdout is one JSON value, also when it fails', async () => {
  await run();
  await parcels.warehouse.query('delete from fact_parcel where parcel_id = 5');
  const { code, stdout } = await verify('--json');
  expect(code).toBe(1);
  const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(JSON.parse(stdout)).toEqual({
    dataset: 'parcels',
    sourceAt: instant,
    batch: { number: 1, capturedAt: instant },
    differences: 1,
    inseparable: null,
    tables: [
      {
        table: 'fact_parcel',
        apply: 'history',
        rows: 20,
        equal: 19,
        missing: 1,
        extra: 0,
        different: 0,
        quarantined: 0,
        pending: 0,
        examples: [{ difference: 'missing', key: { parcel_id: '5' }, reason: null, columns: {} }],
        notes: [],
      },
    ],
    lastUpdated: null,
  });
});

test('a warehouse without a batch, and a source that cannot be reached, are one clear line', async () => {
  expect(await verify()).toEqual({
    code: 1,
    stdout: '',
    stderr: 'weir: verify parcels: the warehouse holds no batch yet; weir run brings the first, then verify\n',
  });
  await run();
  const { code, stdout, stderr } = await weir(['verify', ...withOption(parcels.options, '--source', NOWHERE)]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^weir: verify parcels: source 127\.0\.0\.1:1\/nowhere as somebody: connect ECONNREFUSED/);
});

test('--help has an example and says which rights it needs; a number of batches that is none is misuse', async () => {
  const help = await weir(['verify', '--help']);
  expect({ code: help.code, stderr: help.stderr }).toEqual({ code: 0, stderr: '' });
  expect(help.stdout).toMatch(
    /^Usage: weir verify \[options\]\n.*SELECT and TEMPORARY.*\nExample:\n.* {2}npx weir verify /s,
  );
  const misused = await verify('--batches', '0');
  expect({ code: misused.code, stdout: misused.stdout }).toEqual({ code: 2, stdout: '' });
  expect(misused.stderr).toMatch(/^weir: option '--batches <n>' argument '0' is invalid/);
});
