import { setTimeout as sleep } from 'node:timers/promises';
import { createParcels, NOWHERE, type Parcels, withOption } from './parcels.ts';
import { type Running, startWeir, weir } from './weir.ts';

let parcels: Parcels;
let watch: Running | undefined;

beforeEach(async () => {
  parcels = await createParcels();
});

afterEach(async () => {
  watch?.kill('SIGKILL');
  await watch?.ended;
  await parcels.remove();
});

test('it carries over what changes while it watches, and Ctrl-C ends it well', async () => {
  watch = startWeir(['watch', ...parcels.options, '--every', '0.2']);
  await watch.says('load       batch 1: 20 inserted');
  await parcels.source.query('delete from parcel where parcel_id = 5');
  await watch.says('load       batch 2: 0 inserted, 0 changed, 1 deleted');
  watch.kill('SIGINT');
  const { code, stdout, stderr } = await watch.ended;
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  expect(stderr).toMatch(
    /^watching parcels, every 0\.2 s; Ctrl-C stops\nweb page for this machine: http:\/\/127\.0\.0\.1:\d+\/\n/,
  );
  expect(stderr).toMatch(/\nstopping after the stage at hand; once more stops at once\nstopped\n$/);
});

test('a server that is down is tried again with growing pauses, and SIGTERM ends the wait', async () => {
  watch = startWeir(['watch', ...withOption(parcels.options, '--source', NOWHERE), '--every', '0.2']);
  await watch.says('trying again in 0.4 s');
  await watch.says('trying again in 0.8 s');
  watch.kill('SIGTERM');
  const { code, stderr } = await watch.ended;
  expect(code).toBe(0);
  expect(stderr).toContain('connect ECONNREFUSED 127.0.0.1:1');
  expect(stderr).not.toContain('unseen-secret');
});

test('it goes on by itself when the trouble is over', async () => {
  await parcels.source.query('begin; lock table parcel in access exclusive mode');
  watch = startWeir(['watch', ...parcels.options, '--every', '0.2']);
  await watch.says('trying again in 0.4 s');
  await parcels.source.query('rollback');
  await watch.says('load       batch 1: 20 inserted');
});

test('what somebody has to mend ends it', async () => {
  await parcels.source.query('drop table parcel');
  watch = startWeir(['watch', ...parcels.options]);
  const { code, stdout, stderr } = await watch.ended;
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^watching parcels, every 5 s; Ctrl-C stops\nweb page for .*\nweir: .*parcel.*\n$/);
});

test('a second signal ends it at once, in the middle of its work', async () => {
  await weir(['run', ...parcels.options]);
  await parcels.source.query('delete from parcel where parcel_id = 5');
  await parcels.warehouse.query('begin; lock table fact_parcel in access exclusive mode');
  watch = startWeir(['watch', ...parcels.options]);
  await watch.says('transform  batch 2: ');
  watch.kill('SIGINT');
  await watch.says('stopping after the stage at hand');
  await sleep(600); // sooner, it would be taken for the same Ctrl-C, sent on by npm
  watch.kill('SIGINT');
  expect(await watch.ended).toMatchObject({ code: 1, stdout: '' });
  await parcels.warehouse.query('rollback');
});

test('with --json each run that did something is a line on stdout', async () => {
  watch = startWeir(['watch', ...parcels.options, '--every', '0.2', '--json']);
  await watch.says('"loaded":[{"batch":1,');
  await parcels.source.query('delete from parcel where parcel_id = 5');
  await watch.says('"loaded":[{"batch":2,');
  watch.kill('SIGINT');
  const { code, stdout } = await watch.ended;
  const lines = stdout.trimEnd().split('\n');
  expect({ code, batches: lines.map((line) => JSON.parse(line).captured?.batch ?? null) }).toEqual({
    code: 0,
    batches: [1, 2],
  });
});

test('the web page shows what it carried, and a port that is taken is refused', async () => {
  watch = startWeir(['watch', ...parcels.options, '--every', '0.2']);
  await watch.says('load       batch 1: 20 inserted');
  const [page = ''] = /http:\/\/127\.0\.0\.1:\d+\//.exec(watch.output()) ?? [];
  expect(await (await fetch(new URL('/batches/1', page))).text()).toContain('fact_parcel');
  const { port } = new URL(page);
  const { code, stderr } = await weir(['watch', ...parcels.options, '--port', port]);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: `weir: port ${port}: listen EADDRINUSE: address already in use 127.0.0.1:${port}; give another --port\n`,
  });
});
