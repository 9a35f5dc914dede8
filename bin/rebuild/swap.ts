/** The rebuilt schema takes the place of the running one, in one transaction that no loader can cross. */
import { lockOf } from '../../lambdas/load/ledger.ts';
import { RetryableError, TerminalError } from '../../lambdas/shared/errors.ts';
import { identifier, sqlStateOf } from '../../lambdas/shared/postgres.ts';
import type { Session } from '../../lambdas/shared/session.ts';
import { compareSchemas, type TableDifference } from './compare.ts';
import { findForeign } from './foreign-objects.ts';
import { copyRights } from './rights.ts';
import { dropEarlier, readHead, type Schemas, schemaExists } from './schemas.ts';

export interface Swapped {
  /** The newest batch of each; null if there was no running schema, or if it had lost its ledger. */
  readonly batch: { readonly running: number | null; readonly rebuilt: number };
  /** The schema that the running one has become; null if there was none. */
  readonly before: string | null;
  readonly tables: readonly TableDifference[];
}

/** How long to wait for somebody who reads the schema that is to be dropped. */
const LOCK_TIMEOUT = '60s';

/**
 * Compares and swaps. @returns undefined, with nothing changed, if the rebuilt schema does not hold the batch `atLeast` and all that the running one holds
 * @throws {TerminalError} if others' objects hang on the running schema; nothing was changed then
 */
export async function swap(session: Session, schemas: Schemas, atLeast: number): Promise<Swapped | undefined> {
  const { running, rebuilt, before } = schemas;
  await session.query('begin');
  await session.query('select pg_advisory_xact_lock($1::bigint)', [lockOf(running)]);
  await session.query(`set local lock_timeout = '${LOCK_TIMEOUT}'`);
  const batch = {
    running: (await readHead(session, running))?.batch ?? null,
    rebuilt: (await readHead(session, rebuilt))?.batch ?? 0,
  };
  if (batch.rebuilt < Math.max(atLeast, batch.running ?? 0)) {
    await session.query('rollback');
    return undefined;
  }
  const isRunning = await schemaExists(session, running);
  if (isRunning) refuseForeign(await findForeign(session, schemas), schemas);
  const tables = await compareSchemas(session, schemas);
  if (isRunning) {
    await copyRights(session, schemas);
    await dropEarlier(session, before);
    await session.query(`alter schema ${identifier(running)} rename to ${identifier(before)}`);
  }
  await session.query(`alter schema ${identifier(rebuilt)} rename to ${identifier(running)}`);
  await session.query('commit').catch((error) => Promise.reject(withOutcome(error, schemas)));
  return { batch, before: isRunning ? before : null, tables };
}

/** @throws {TerminalError} if there is anything that hangs on the running schema and was not made by Weir or a migration */
export function refuseForeign(foreign: readonly string[], { running }: Schemas): void {
  if (foreign.length === 0) return;
  throw new TerminalError(
    `${foreign.join(', ')}: made neither by Weir nor by a migration, and would stay with the old tables; ` +
      `drop ${foreign.length === 1 ? 'it' : 'them'}, rebuild and create again, or create in a migration what belongs to ${running}`,
  );
}

/** The connection broke at the commit of the swap: nobody but the server knows if it took place. */
export class UnknownOutcomeError extends RetryableError {}

function withOutcome(error: unknown, { running, rebuilt }: Schemas): unknown {
  if (!(error instanceof RetryableError) || sqlStateOf(error) !== '') return error;
  return new UnknownOutcomeError(
    `${error.message}; it broke at the commit of the swap: if there is still a schema ${rebuilt}, ${running} is as before, else it is the rebuilt one`,
    { cause: error },
  );
}
