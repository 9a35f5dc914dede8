/** Pieces of SQL about the rows of a model. Every name goes through the one function that quotes. */
import type { Model } from '../shared/dataset.ts';
import type { Column } from '../shared/manifest.ts';
import { identifier } from '../shared/postgres.ts';

/** Condition that two aliases have the same key. */
export function sameKey({ key }: Model, left: string, right: string): string {
  return key.map((name) => `${left}.${identifier(name)} = ${right}.${identifier(name)}`).join(' and ');
}

/** The key of a row as the quarantine keeps it: an array of texts. */
export function keyTexts({ key }: Model, alias: string): string {
  return `to_jsonb(array[${key.map((name) => `${alias}.${identifier(name)}::text`).join(', ')}])`;
}

/** Columns, separated by commas, of an alias if one is given. */
export function columnList(columns: readonly Column[], alias?: string): string {
  return columns.map(({ name }) => `${alias === undefined ? '' : `${alias}.`}${identifier(name)}`).join(', ');
}

/** The rows of two aliases compared byte by byte: NULL equals NULL, 1.0 differs from 1.00, and types that have no `=` (json) can be compared. */
export function differs(columns: readonly Column[], left: string, right: string): string {
  return `row(${columnList(columns, left)})::record *<> row(${columnList(columns, right)})::record`;
}
