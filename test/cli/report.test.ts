import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createParcels, NOWHERE, type Parcels, withOption } from './parcels.ts';
import { weir } from './weir.ts';

let parcels: Parcels;
let look: readonly string[];

beforeEach(async () => {
  parcels = await createParcels();
  look = parcels.options.filter((option, index) => option !== '--source' && parcels.options[index - 1] !== '--source');
  write(
    'heaviest',
    `-- Which parcels are heaviest?
-- chart: { kind: bar, x: parcel, y: kilograms }
select concat('no. ', parcel_id) as parcel, kilograms from fact_parcel order by kilograms desc limit 2`,
  );
});

afterEach(() => parcels.remove());

function write(name: string, sql: string): void {
  const folder = join(parcels.folder, 'parcels', 'reports');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.sql`), sql);
}

const files = () => readdirSync(parcels.folder).filter((file) => file.includes('.html'));

test('it writes one file and says which state of the source it shows', async () => {
  await weir(['run', ...parcels.options]);
  const { code, stdout, stderr } = await weir(['report', ...look], { cwd: parcels.folder });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(
    /^parcels-report\.html: 1 question, \d+ kB, state of the source as of \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, batch 1\n$/,
  );
  expect(files()).toEqual(['parcels-report.html']);
  const file = readFileSync(join(parcels.folder, 'parcels-report.html'), 'utf8');
  expect(file).toContain('<tr><td>no. 20</td><td class="number">30.00</td></tr>');
  expect(file).toMatch(/<\/html>\s*$/);
});

test('with --json the answers are on stdout and no file is written', async () => {
  await weir(['run', ...parcels.options]);
  const { code, stdout } = await weir(['report', ...look, '--json'], { cwd: parcels.folder });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    dataset: 'parcels',
    batch: 1,
    capturedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    reports: [
      {
        name: 'heaviest',
        question: 'Which parcels are heaviest?',
        columns: [
          { name: 'parcel', numeric: false },
          { name: 'kilograms', numeric: true },
        ],
        rows: [
          ['no. 20', '30.00'],
          ['no. 19', '28.50'],
        ],
      },
    ],
  });
  expect(files()).toEqual([]);
});

test('a report that fails is told in its place and on stderr; the file is written, and the exit code is 1', async () => {
  await weir(['run', ...parcels.options]);
  write('broken', '-- What is not there?\nselect * from nowhere');
  const out = join(parcels.folder, 'out.html');
  const { code, stdout, stderr } = await weir(['report', ...look, '--out', out]);
  expect(code).toBe(1);
  expect(stdout).toContain('out.html: 2 questions, ');
  expect(stderr).toMatch(/^weir: report broken: warehouse .*relation "nowhere" does not exist \(42P01\)\n$/);
  const file = readFileSync(out, 'utf8');
  expect(file).toContain('This report could not be answered: ');
  expect(file).toContain('<td>no. 20</td>');

  const json = await weir(['report', ...look, '--json']);
  expect(json.code).toBe(1);
  expect(JSON.parse(json.stdout).reports[0]).toEqual({
    name: 'broken',
    question: 'What is not there?',
    error: expect.stringContaining('relation "nowhere" does not exist'),
  });
});

test('without a warehouse, or with an empty one, nothing is written', async () => {
  const unreachable = await weir(['report', ...withOption(look, '--warehouse', NOWHERE)], { cwd: parcels.folder });
  expect(unreachable).toMatchObject({ code: 1, stdout: '' });
  expect(unreachable.stderr).toContain('connect ECONNREFUSED 127.0.0.1:1');
  expect(unreachable.stderr).not.toContain('unseen-secret');
  expect(await weir(['report', ...look], { cwd: parcels.folder })).toEqual({
    code: 1,
    stdout: '',
    stderr: 'weir: report parcels: the warehouse holds no batch yet; weir run loads the first\n',
  });
  expect(files()).toEqual([]);
});

test('a file that cannot be written, and a head that cannot be right, are misuse', async () => {
  await weir(['run', ...parcels.options]);
  const out = join(parcels.folder, 'no such folder', 'out.html');
  const unwritten = await weir(['report', ...look, '--out', out]);
  expect(unwritten).toMatchObject({ code: 2, stdout: '' });
  expect(unwritten.stderr).toMatch(/^weir: .*no such folder\/out\.html cannot be written: ENOENT/);
  write('odd', '-- What?\n-- chart: { kind: pie, x: a, y: b }\nselect 1');
  const odd = await weir(['report', ...look]);
  expect(odd).toMatchObject({ code: 2, stdout: '' });
  expect(odd.stderr).toContain('odd.sql is refused:');
  expect(odd.stderr).toContain('of kind: line, bar, column');
});
