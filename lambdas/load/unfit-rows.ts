/** Rows with a value that its column in the warehouse cannot hold: a text too long, a number too large, a date that is none. */
import type { Column } from '../shared/manifest.ts';
import { identifier, literal } from '../shared/postgres.ts';
import type { Session } from '../shared/session.ts';
import { columnList } from './row-sql.ts';
import { TEXTS } from './temporary-tables.ts';

type Types = ReadonlyMap<string, string>;

export interface StageFittingTextsOptions {
  readonly session: Session;
  readonly columns: readonly Column[];
  readonly into: string;
  readonly types: Types;
}

/** Moves the rows whose values all fit, as the server judges, from the table of texts to their own. @returns how many are left, the unfit ones */
export async function stageFittingTexts({ session, columns, into, types }: StageFittingTextsOptions): Promise<number> {
  await session.execute(
    `with fitting as (delete from ${TEXTS} x where ${allFit({ columns, types, text: textOf('x') })} returning *)
     insert into ${into} (${columnList(columns)}) select ${casts({ columns, types, text: textOf('x') })} from fitting x`,
  );
  const [left] = await session.query<{ rows: string }>(`select count(*) as rows from ${TEXTS}`);
  return Number(left?.rows);
}

/** Whether the server can say of a text if it is a value of a type. */
export async function canJudge(session: Session): Promise<boolean> {
  const [row] = await session.query(`select 1 where to_regprocedure('pg_input_is_valid(text, text)') is not null`);
  return row !== undefined;
}

interface Texts {
  readonly columns: readonly Column[];
  readonly types: Types;
  /** SQL that gives the text of a column. */
  readonly text: (name: string) => string;
}

/** SQL that gives the text of an alias's column. */
export function textOf(alias: string): (name: string) => string {
  return (name) => `${alias}.${identifier(name)}`;
}

/** Condition that each text, or NULL, is a value of its column's type. */
export function allFit({ columns, types, text }: Texts): string {
  return columns
    .map(({ name }) => `coalesce(pg_input_is_valid(${text(name)}, ${typeText(types, name)}), true)`)
    .join(' and ');
}

/** Texts that all fit, as values. */
export function casts({ columns, types, text }: Texts): string {
  return columns.map(({ name }) => `(${text(name)})::${types.get(name) ?? 'text'}`).join(', ');
}

/** Each column whose text does not fit, with PostgreSQL's own message. */
export function misfits({ columns, types, text }: Texts): string {
  const messages = columns.map(({ name }) => {
    const message = `(pg_input_error_info(${text(name)}, ${typeText(types, name)})).message`;
    return `${literal(name)} || ': ' || ${message}`;
  });
  return `concat_ws('; ', ${messages.join(', ')})`;
}

/** A text in the spelling in which the column gives it back; as it is, if it does not fit. */
export function spelling({ types, text }: Omit<Texts, 'columns'>, name: string): string {
  const value = text(name);
  return `case when pg_input_is_valid(${value}, ${typeText(types, name)}) then (${value})::${types.get(name) ?? 'text'}::text else ${value} end`;
}

function typeText(types: Types, name: string): string {
  return literal(types.get(name) ?? 'text');
}
