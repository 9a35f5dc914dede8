/** Foreign keys during a large load: checked set by set at its end instead of row by row. */
import { identifier } from '../shared/postgres.ts';
import type { Session } from '../shared/session.ts';
import type { Target } from './target.ts';
import { STAGE } from './temporary-tables.ts';

/** A batch is large if its rows take this share of the table's room … */
const LARGE_SHARE = 0.2;
/** … and this many bytes, below which row-by-row checks cost less than two catalogue changes and their locks. */
const LARGE_BYTES = 256 * 1024;

/**
 * Runs `work`; if what is staged is large against the table, the table's foreign keys are dropped before and added again,
 * which validates all its rows at once, in the same transaction. Readers of the tables wait for that transaction.
 */
export async function withoutForeignKeys<Result>(
  session: Session,
  target: Target,
  work: () => Promise<Result>,
): Promise<Result> {
  const { table, foreignKeys } = target;
  if (foreignKeys.length === 0 || !(await isLarge(session, table))) return work();
  await session.query(
    `alter table ${table} ${foreignKeys.map(({ name }) => `drop constraint ${identifier(name)}`).join(', ')}`,
  );
  const result = await work();
  const added = foreignKeys.map(({ name, definition }) => `add constraint ${identifier(name)} ${definition}`);
  await session.query(`alter table ${table} ${added.join(', ')}`);
  await session.query(`analyze ${table}`);
  return result;
}

async function isLarge(session: Session, table: string): Promise<boolean> {
  const [size] = await session.query<{ large: string }>(
    'select pg_relation_size($1::regclass) >= greatest($3::float8, $4::float8 * pg_relation_size($2::regclass)) as large',
    [STAGE, table, LARGE_BYTES, LARGE_SHARE],
  );
  return size?.large === 't';
}
