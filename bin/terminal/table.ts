/** Tables for people: aligned columns and a line below the head, nothing else. */
import Table from 'cli-table3';
import { grouped } from './words.ts';

/** A number is shown in groups of three digits and to the right, as is its heading. */
export type Cell = string | number;

const NONE = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '' };
const CHARACTERS = {
  ...NONE,
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '─',
  'mid-mid': '──',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** Draws the rows below their headings. `isNumeric` tells which columns go to the right; @default - those in which any cell is a number */
export function drawTable(
  headings: readonly string[],
  rows: readonly (readonly Cell[])[],
  isNumeric = headings.map((_, column) => rows.some((row) => typeof row[column] === 'number')),
): string {
  const table = new Table({
    head: [...headings],
    chars: CHARACTERS,
    colAligns: isNumeric.map((numeric) => (numeric ? 'right' : 'left')),
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 },
  });
  for (const row of rows) table.push(row.map((cell) => (typeof cell === 'number' ? grouped(cell) : cell)));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
