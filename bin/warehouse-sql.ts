/** What every reader of a warehouse asks or writes the same way. */
import type { Session } from '../lambdas/shared/session.ts';

/** Whether there is such a relation. `relation` is quoted, and looked up by the search path if it names no schema. */
export async function exists(session: Session, relation: string): Promise<boolean> {
  const [found] = await session.query('select 1 where to_regclass($1) is not null', [relation]);
  return found !== undefined;
}

/** SQL that gives an instant as ISO text in UTC. */
export function isoInstant(column: string): string {
  return `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}
