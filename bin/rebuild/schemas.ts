/** The three schemas of a rebuild, and what may be done with those that are not the running one. */
import { TerminalError, UsageError } from '../../lambdas/shared/errors.ts';
import { identifier } from '../../lambdas/shared/postgres.ts';
import type { Session } from '../../lambdas/shared/session.ts';
import { exists } from '../warehouse-sql.ts';
import { findOutside } from './foreign-objects.ts';

export interface Schemas {
  /** The schema of the data set. */
  readonly running: string;
  /** Where the rebuilt warehouse grows. */
  readonly rebuilt: string;
  /** What the running one becomes. */
  readonly before: string;
}

/** PostgreSQL cuts longer names off. */
const LONGEST_NAME = 63;

/** @throws {UsageError} if the name of the running schema leaves no room for the others' */
export function schemasOf(running: string): Schemas {
  const schemas = { running, rebuilt: `${running}_rebuild`, before: `${running}_before` };
  if (Buffer.byteLength(schemas.rebuilt) <= LONGEST_NAME) return schemas;
  throw new UsageError(
    `the name of the schema ${running} is too long to rebuild it beside itself as ${schemas.rebuilt}`,
  );
}

export async function schemaExists(session: Session, schema: string): Promise<boolean> {
  const [found] = await session.query('select 1 from pg_namespace where nspname = $1', [schema]);
  return found !== undefined;
}

/** The newest batch that a schema holds; undefined if it holds none, or has lost its ledger. */
export async function readHead(
  session: Session,
  schema: string,
): Promise<{ batch: number; manifestSha256: string } | undefined> {
  const ledger = `${identifier(schema)}.weir_ledger`;
  if (!(await exists(session, ledger))) return undefined;
  const [head] = await session.query<{ batch: string; sha256: string }>(
    `select batch, manifest_sha256 as sha256 from ${ledger} order by batch desc limit 1`,
  );
  return head && { batch: Number(head.batch), manifestSha256: head.sha256 };
}

/** Drops the schema of an earlier rebuild. @throws {TerminalError} if it is not one, or if things of others would go with it */
export async function dropEarlier(session: Session, schema: string): Promise<void> {
  await refuseUndroppable(session, schema);
  await session.query(`set client_min_messages to warning; drop schema if exists ${identifier(schema)} cascade`);
}

/** @throws {TerminalError} as `dropEarlier` would */
export async function refuseUndroppable(session: Session, schema: string): Promise<void> {
  if (!(await schemaExists(session, schema))) return;
  if (!(await exists(session, `${identifier(schema)}.weir_ledger`))) {
    throw new TerminalError(
      `there is a schema ${schema} that Weir did not make, and a rebuild needs this name; rename or drop it`,
    );
  }
  const outside = await findOutside(session, schema);
  if (outside.length > 0) {
    throw new TerminalError(
      `${schema}, left by an earlier rebuild, cannot be dropped because of ${outside.join(', ')}; drop that first`,
    );
  }
}
