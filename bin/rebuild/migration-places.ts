/** Where in the log of batches the running warehouse applied its migrations: what they did to rows depends on it. */
import type { Migration } from '../../lambdas/shared/dataset.ts';
import { identifier } from '../../lambdas/shared/postgres.ts';
import type { Session } from '../../lambdas/shared/session.ts';
import { exists } from '../warehouse-sql.ts';

/** Batches to load, with the migrations that were applied before them. */
export interface Stretch {
  readonly migrations: readonly Migration[];
  /** The last batch of the stretch; undefined: the newest. */
  readonly upTo: number | undefined;
}

/** Splits the log at the migrations. What the running warehouse has not applied yet comes last; if it has lost its ledger, all come first. */
export async function splitAtMigrations(
  session: Session,
  schema: string,
  migrations: readonly Migration[],
): Promise<Stretch[]> {
  const { places, head } = await readPlaces(session, schema);
  const placeOf = ({ name }: Migration) => places.get(name) ?? head;
  const changes = [...new Set(migrations.map(placeOf))].filter((place) => place > 0).sort((a, b) => a - b);
  return [...changes, undefined].map((upTo) => ({
    migrations: migrations.filter((migration) => upTo === undefined || placeOf(migration) < upTo),
    upTo,
  }));
}

/** The newest batch at the time of each migration, and now. */
async function readPlaces(
  session: Session,
  schema: string,
): Promise<{ places: ReadonlyMap<string, number>; head: number }> {
  const [ledger, migration] = [`${identifier(schema)}.weir_ledger`, `${identifier(schema)}.weir_migration`];
  if (!(await exists(session, ledger)) || !(await exists(session, migration))) return { places: new Map(), head: 0 };
  const rows = await session.query<{ name: string | null; batch: string }>(
    `select name, (select coalesce(max(batch), 0) from ${ledger} l where l.applied_at < m.applied_at) as batch
     from ${migration} m
     union all
     select null, coalesce(max(batch), 0) from ${ledger}`,
  );
  return {
    places: new Map(rows.flatMap(({ name, batch }) => (name === null ? [] : [[name, Number(batch)]]))),
    head: Number(rows.find(({ name }) => name === null)?.batch),
  };
}
