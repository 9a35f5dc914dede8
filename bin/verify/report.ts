/** What `weir verify` found, for people and for programs. */
import { sum } from '../pass.ts';
import { drawTable } from '../terminal/table.ts';
import { counted, utc } from '../terminal/words.ts';
import type { ComparedTable } from './compare-model.ts';
import type { Example } from './examples.ts';
import type { LastUpdated } from './last-updated.ts';
import { differencesIn, type Verification } from './verify.ts';

export function verificationAsText({
  dataset,
  sourceAt,
  batch,
  inseparable,
  tables,
  lastUpdated,
}: Verification): string {
  const differences = sum(tables.map(differencesIn));
  const { number, capturedAt } = batch;
  const parts = [
    `${dataset}: the source at ${utc(sourceAt)}, the warehouse at batch ${number}, captured ${utc(capturedAt)}`,
    drawTable(HEADINGS, tables.map(rowOf)),
    ...tables.flatMap(examplesOf),
  ];
  const notes = tables.flatMap(({ table, notes }) => notes.map((note) => `${table}: ${note}`));
  if (notes.length > 0) parts.push(notes.join('\n'));
  if (inseparable !== undefined && differences > 0) {
    parts.push(
      `What changed in the source since batch ${number} cannot be told from what is wrong, because the next batch reads more than ` +
        `changes (${inseparable}): run weir run, then verify again.`,
    );
  }
  if (lastUpdated !== undefined) parts.push(...lastUpdatedAsText(lastUpdated));
  return parts.join('\n\n');
}

const HEADINGS = ['table', 'recomputed', 'equal', 'missing', 'extra', 'different', 'quarantined', 'pending'];

function rowOf({
  table,
  rows,
  equal,
  missing,
  extra,
  different,
  quarantined,
  pending,
}: ComparedTable): (string | number)[] {
  return [table, rows, equal, missing, extra, different, quarantined, pending];
}

function examplesOf(compared: ComparedTable): string[] {
  const { table, examples } = compared;
  if (examples.length === 0) return [];
  const all = differencesIn(compared);
  const head = all > examples.length ? `${table}, ${examples.length} of ${counted(all, 'difference')}` : table;
  return [[head, ...examples.flatMap(exampleLines)].join('\n')];
}

function exampleLines({ difference, key, reason, columns }: Example): string[] {
  const name =
    key === null
      ? '(key unknown)'
      : Object.entries(key)
          .map(([column, text]) => `${column} ${shown(text)}`)
          .join(', ');
  return [
    `  ${difference.padEnd(9)}  ${name}${reason === null ? '' : `: ${reason}`}`,
    ...Object.entries(columns).map(
      ([column, { source, warehouse }]) =>
        `             ${column}: ${shown(source)} in the source, ${shown(warehouse)} in the warehouse`,
    ),
  ];
}

/** Numbers and words as they are, everything else so that its ends can be seen. */
function shown(text: string | null): string {
  if (text === null) return 'null';
  return /^[\w.:+-]+$/.test(text) && text !== 'null' ? text : JSON.stringify(text);
}

function lastUpdatedAsText(found: LastUpdated): string[] {
  const { column, first, last, objects, tables } = found;
  const read = `${column}, by ${counted(objects, 'object')} of batches ${first} to ${last}, each with the hash that its manifest says`;
  if (tables.length === 0) return [verdictOn(found)];
  const rows = tables
    .filter(({ versions }) => versions > 0)
    .map(({ table, versions, changed, silent }) => [table, versions, changed, silent]);
  if (rows.length === 0) return [verdictOn(found)];
  return [
    `${read}\n\n${drawTable(['table', 'pairs of versions', 'changed', `without ${column}`], rows)}`,
    verdictOn(found),
  ];
}

/** One sentence on whether the column can be trusted. */
export function verdictOn({ column, tables }: LastUpdated): string {
  const [changed, silent] = [sum(tables.map((table) => table.changed)), sum(tables.map((table) => table.silent))];
  if (tables.length === 0) return `No table with a primary key has a column ${column}.`;
  if (changed === 0) return `No row has changed between two captures yet: nothing can be said of ${column}.`;
  if (silent === 0) return `Every one of ${counted(changed, 'change')} moved ${column}.`;
  return `${column} cannot be trusted: ${silent} of ${counted(changed, 'change')} did not move it.`;
}

/** The same as data; `lastUpdated` is null if the data set names no such column. */
export function verificationAsJson(verification: Verification): object {
  const { tables, inseparable = null, lastUpdated } = verification;
  return {
    ...verification,
    differences: sum(tables.map(differencesIn)),
    inseparable,
    lastUpdated: lastUpdated === undefined ? null : { ...lastUpdated, verdict: verdictOn(lastUpdated) },
  };
}
