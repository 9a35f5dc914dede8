import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removePostgres } from '../../bin/local/postgres.ts';
import { connect } from '../../lambdas/shared/postgres.ts';
import { type Running, startWeir, weir } from './weir.ts';

const SMALL = ['demo', '--until', '2022-11-30', '--days', '4'];
let cwd: string;
let kept: Running | undefined;

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'weir cli '));
});

afterAll(async () => {
  kept?.kill('SIGKILL');
  await removePostgres(join(cwd, '.weir', 'demo'));
  rmSync(cwd, { recursive: true });
});

test('after a demo that was killed, one that starts from nothing proves that every row arrived', async () => {
  const killed = startWeir(SMALL, { cwd });
  await killed.says('The weekdays after');
  killed.kill('SIGKILL');
  await killed.ended;

  const { code, stdout, stderr } = await weir(SMALL, { cwd });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const days = stdout.split('\n').filter((line) => /^[A-Z][a-z]{2} 2022-/.test(line));
  expect(days.map((line) => line.slice(0, 14))).toEqual([
    'Thu 2022-12-01',
    'Thu 2022-12-01',
    'Fri 2022-12-02',
    'Mon 2022-12-05',
    'Tue 2022-12-06',
  ]);
  expect(days[2]).toMatch(/, 1 deleted {2,}4 .* 3 {2,}\d\.\d\d$/); // batch 4 deletes the order, its transaction and its payment
  expect(days[4]).toMatch(/, 1 new column {2,}6 /);
  expect(stdout).toContain('\nThe new column design.collection is in the lake since batch 6; no model reads it yet.\n');
  expect(stdout).toMatch(/\nfact_sales_order +\d+ +\d+ +0 +0 +0 +0 +0\n/);
  expect(stdout).toMatch(/\nlast_updated cannot be trusted: \d+ of \d+ changes did not move it\.\n/);
  expect(stdout).toMatch(/\nWhich ten designs sell best, by units\?\n(.*\n)*file +design +orders +units\n/);
  expect(stdout).toMatch(
    /\nHow many orders were revised, in what, and by how much\?\n(.*\n)*order_kind +revised +orders +revisions /,
  );
});

test('with --json the proof that all arrived is all there is on stdout', async () => {
  const { code, stdout } = await weir(['demo', '--until', '2022-11-08', '--days', '0', '--json'], { cwd });
  const { differences, tables } = JSON.parse(stdout);
  expect({ code, differences, tables: tables.length }).toEqual({ code: 0, differences: 0, tables: 11 });
});

test('with --serve the business goes on and a web page shows it, until a signal', async () => {
  kept = startWeir(['demo', '--until', '2022-11-08', '--days', '0', '--serve'], { cwd });
  await kept.says('The business goes on until Ctrl-C');
  await kept.says('load       batch 2: '); // the first that nobody asked for
  const [page = ''] = /http:\/\/127\.0\.0\.1:\d+\//.exec(kept.output()) ?? [];
  expect(await (await fetch(page)).text()).toContain('<h1>Overview</h1>');
  const [url = ''] = /postgres:\/\/postgres:[^'?]+warehouse/.exec(kept.output()) ?? [];
  const status = await weir(['status', '--lake', join('.weir', 'demo', 'lake'), '--warehouse', url, '--json'], { cwd });
  expect({ code: status.code, load: JSON.parse(status.stdout).stages.load.batch >= 2 }).toEqual({
    code: 0,
    load: true,
  });
  kept.kill('SIGINT');
  expect(await kept.ended).toMatchObject({ code: 0 });
  await expect(connect({ url, role: 'warehouse' })).rejects.toThrow('ECONNREFUSED');
  await expect(fetch(page)).rejects.toThrow('fetch failed');
  expect(existsSync(join(cwd, '.weir', 'demo', 'lake', 'processed', 'totesys'))).toBe(true);
});
