import { createParcels, NOWHERE, type Parcels, withOption } from './parcels.ts';
import { weir } from './weir.ts';

let parcels: Parcels;
let look: readonly string[];

beforeEach(async () => {
  parcels = await createParcels();
  look = parcels.options.filter((option, index) => option !== '--source' && parcels.options[index - 1] !== '--source');
});

afterEach(() => parcels.remove());

const INSTANT = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

test('before the first run there is nothing yet, and looking changes nothing', async () => {
  const { code, stdout, stderr } = await weir(['status', ...look]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^parcels\n\nstage .*\n─+\ningest +- +no batch\ntransform +- +no batch\nload +- +no batch\n$/);
  expect(await parcels.warehouse.query(`select 1 from pg_namespace where nspname = 'parcels'`)).toEqual([]);
});

test('it shows how far each stage is, the rows on both sides and the newest reason in quarantine', async () => {
  await weir(['run', ...parcels.options]);
  await parcels.source.query(`
    insert into parcel values (21, 3, 'tomorrow');
    update parcel set kilograms = 9 where parcel_id = 4;
    delete from parcel where parcel_id = 5`);
  await weir(['run', ...parcels.options]);

  const { code, stdout } = await weir(['status', ...look, '--json']);
  expect(code).toBe(0);
  const caughtUp = { batch: 2, capturedAt: INSTANT, ageSeconds: expect.any(Number), lagBatches: 0, lagSeconds: 0 };
  expect(JSON.parse(stdout)).toEqual({
    dataset: 'parcels',
    at: INSTANT,
    stages: { ingest: caughtUp, transform: caughtUp, load: caughtUp },
    unreadable: [],
    tables: { parcel: 20 },
    models: { fact_parcel: { apply: 'history', current: 19, rows: 22, quarantined: 1 } },
    quarantine: [
      {
        model: 'fact_parcel',
        stage: 'transform',
        rows: 1,
        newestBatch: 2,
        newestReason: expect.stringContaining(`"tomorrow"`),
      },
    ],
    failures: [],
  });

  const text = await weir(['status', ...look]);
  expect(text.code).toBe(0);
  expect(text.stdout).toMatch(/^load +2 {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC {2}\d+ s$/m);
  expect(text.stdout).toMatch(/^fact_parcel +history +19 +22 +1$/m);
  expect(text.stdout).toMatch(/^fact_parcel +transform +1 +2 {2}.*"tomorrow"/m);
});

test('with the warehouse out of reach it shows the rest, says so and fails', async () => {
  await weir(['run', ...parcels.options]);
  const { code, stdout, stderr } = await weir(['status', ...withOption(look, '--warehouse', NOWHERE)]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^transform +1 {2}.* UTC {2}\d+ s$/m);
  expect(stdout).toMatch(/^load +\? {2}not readable$/m);
  expect(stdout).toMatch(/^parcel +20$/m);
  expect(stderr).toBe(
    'weir: warehouse 127.0.0.1:1/nowhere as somebody: connect ECONNREFUSED 127.0.0.1:1; check that the server is up and can be reached\n',
  );
});

test('a stage that is behind says by how many batches', async () => {
  await weir(['run', ...parcels.options]);
  await parcels.source.query('delete from parcel where parcel_id = 5');
  await weir(['run', ...withOption(parcels.options, '--warehouse', NOWHERE)]);
  const { code, stdout } = await weir(['status', ...look]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^transform +2 {2}.* UTC {2}\d+ s$/m);
  expect(stdout).toMatch(/^load +1 {2}.* UTC {2}\d+ s +1 batch, \d+ s$/m);
});

test('a warehouse of another lake is told', async () => {
  await weir(['run', ...parcels.options]);
  const { code, stderr } = await weir(['status', ...withOption(look, '--lake', `${parcels.folder}/other`)]);
  expect(code).toBe(1);
  expect(stderr).toBe(
    `weir: the warehouse is at batch 1 of another lake, ${parcels.folder}/other/processed is at batch 0; ` +
      'point --lake to the lake that it was loaded from\n',
  );
});
