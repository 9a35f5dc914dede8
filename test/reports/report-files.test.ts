import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readReports } from '../../bin/reports/report-files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-reports-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

test('the head of a file is its question, its chart and its note; files come by name', async () => {
  const revenue = `-- What comes in?
-- chart: { kind: line, x: month, y: revenue, series: shop, panels: currency }
-- Without taxes.
-- The newest month may not be over.
select 1 -- no note
`;
  write('revenue.sql', revenue);
  write('bags.sql', '-- How many bags?\r\n-- Counted by hand.\r\nselect 2');
  write('notes.txt', 'no report');
  expect(await readReports(folder)).toEqual([
    {
      name: 'bags',
      question: 'How many bags?',
      note: 'Counted by hand.',
      sql: '-- How many bags?\r\n-- Counted by hand.\r\nselect 2',
      chart: undefined,
    },
    {
      name: 'revenue',
      question: 'What comes in?',
      note: 'Without taxes. The newest month may not be over.',
      sql: revenue,
      chart: { kind: 'line', x: 'month', y: 'revenue', series: 'shop', panels: 'currency' },
    },
  ]);
});

test('without a folder there are no reports', async () => {
  expect(await readReports(join(folder, 'none'))).toEqual([]);
});

const VALID = 'valid keys: kind, x, y, series, panels; of kind: line, bar, column';

test.each([
  ['no question', 'select 1', ['the first line must be the question: "-- What sells best?"']],
  ['a first line that asks nothing', '-- Sales\nselect 1', ['the first line must be the question']],
  ['an unknown kind', '-- A?\n-- chart: { kind: pie, x: a, y: b }', ['chart.kind', '"line"|"bar"|"column"', VALID]],
  ['an unknown key', '-- A?\n-- chart: { kind: bar, x: a, y: b, colour: red }', ['"colour"', VALID]],
  ['a key that is missing', '-- A?\n-- chart: { kind: bar, x: a }', ['chart.y', VALID]],
  ['another type', '-- A?\n-- chart: { kind: bar, x: a, y: 3 }', ['chart.y', 'expected string', VALID]],
  ['nothing in it', '-- A?\n-- chart:', ['at chart', VALID]],
  ['no YAML', '-- A?\n-- chart: { kind: bar, x: a', ['the chart is no YAML', VALID]],
])('a file with %s is refused', async (_, text, said) => {
  write('wrong.sql', text);
  const error = await readReports(folder).catch((error: Error) => error);
  expect(error).toMatchObject({ name: 'UsageError' });
  for (const part of [join(folder, 'wrong.sql'), ...said])
    expect(error).toMatchObject({ message: expect.stringContaining(part) });
});
