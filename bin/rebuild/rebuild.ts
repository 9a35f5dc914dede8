/** A fresh warehouse from the lake alone, which then takes the place of the running one. */
import { lockOf, prepareSchema } from '../../lambdas/load/ledger.ts';
import { load } from '../../lambdas/load/load.ts';
import type { Dataset, Migration } from '../../lambdas/shared/dataset.ts';
import { openDuckdb } from '../../lambdas/shared/duckdb.ts';
import { RetryableError, TerminalError } from '../../lambdas/shared/errors.ts';
import type { Log } from '../../lambdas/shared/log.ts';
import { processedManifest } from '../../lambdas/shared/manifest.ts';
import { openManifestLog } from '../../lambdas/shared/manifest-log.ts';
import type { Lake } from '../../lambdas/shared/object-store.ts';
import { identifier } from '../../lambdas/shared/postgres.ts';
import type { Connect, Session } from '../../lambdas/shared/session.ts';
import { findForeign } from './foreign-objects.ts';
import { type Stretch, splitAtMigrations } from './migration-places.ts';
import { dropEarlier, readHead, refuseUndroppable, type Schemas, schemaExists, schemasOf } from './schemas.ts';
import { refuseForeign, type Swapped, swap, UnknownOutcomeError } from './swap.ts';

export interface RebuildOptions {
  readonly dataset: Dataset;
  readonly lake: Lake;
  readonly warehouse: Connect;
  readonly log: Log;
}

/**
 * Loads all batches of the processed log into a schema of its own, compares it with the running one and swaps them.
 * Whatever happens before the swap, the running schema is as before, and the next rebuild starts anew.
 */
export async function rebuild(options: RebuildOptions): Promise<Swapped> {
  const { dataset, warehouse } = options;
  const schemas = schemasOf(dataset.warehouse.schema);
  const session = await warehouse();
  try {
    await takeLock(session, schemas);
    await session.query(NAMES_IN_FULL);
    const head = await readLakeHead(session, options);
    const stretches = await splitAtMigrations(session, schemas.running, dataset.warehouse.migrations);
    await rehearse(session, dataset, schemas);
    for (const stretch of stretches) await loadStretch(options, schemas, stretch, head);
    for (;;) {
      const swapped = await swap(session, schemas, head);
      if (swapped !== undefined) return swapped;
      options.log.info('the loader went on meanwhile; following it');
      const rest = { migrations: dataset.warehouse.migrations, upTo: undefined };
      const followed = await loadStretch(options, schemas, rest, head);
      if (followed === 0) throw new RetryableError(`${schemas.rebuilt} got no further; somebody else works on it`);
    }
  } catch (error) {
    throw withState(error, dataset, schemas);
  } finally {
    await session.end();
  }
}

/** PostgreSQL names what it describes with its schema then. */
const NAMES_IN_FULL = 'set search_path to pg_catalog';

/** The session holds it to its end. */
async function takeLock(session: Session, { running, rebuilt }: Schemas): Promise<void> {
  const [lock] = await session.query<{ taken: string }>('select pg_try_advisory_lock($1::bigint) as taken', [
    lockOf(`${running} rebuild`),
  ]);
  if (lock?.taken !== 't') throw new RetryableError(`another rebuild is at work in ${rebuilt}; wait for its end`);
}

/** @returns the newest batch of the lake @throws {TerminalError} if the running schema holds a batch of another one, or if there is none */
async function readLakeHead(session: Session, { dataset, lake }: RebuildOptions): Promise<number> {
  const manifests = openManifestLog({ store: lake.processed, dataset: dataset.name, schema: processedManifest });
  const head = (await manifests.head())?.manifest.number ?? 0;
  const { schema } = dataset.warehouse;
  const running = await readHead(session, schema);
  const isOurs =
    running === undefined ||
    (running.batch <= head && (await manifests.read(running.batch)).sha256 === running.manifestSha256);
  if (!isOurs) {
    throw new TerminalError(
      `the warehouse is at batch ${running.batch} of another lake, ${lake.processed.url} is at batch ${head}; point --lake to the lake ` +
        `that it was loaded from; or, if its ledger is what is wrong, put it aside with: alter schema ${identifier(schema)} rename to …`,
    );
  }
  if (head === 0) throw new TerminalError(`${lake.processed.url} holds no batch of ${dataset.name} to rebuild from`);
  return head;
}

/** Finds out before the long work whether the swap will be refused: makes the empty schema, looks, and drops it. */
async function rehearse(session: Session, { warehouse: { migrations } }: Dataset, schemas: Schemas): Promise<void> {
  refuseBound(migrations, schemas);
  await refuseUndroppable(session, schemas.before);
  await dropEarlier(session, schemas.rebuilt);
  if (!(await schemaExists(session, schemas.running))) return;
  await prepareSchema(session, { schema: schemas.rebuilt, migrations });
  await session.query(NAMES_IN_FULL);
  const foreign = await findForeign(session, schemas);
  await dropEarlier(session, schemas.rebuilt);
  refuseForeign(foreign, schemas);
}

/** @throws {TerminalError} if a migration names the schema: it would change the running one instead of the rebuilt */
function refuseBound(migrations: readonly Migration[], { running, rebuilt }: Schemas): void {
  const bound = migrations.find(({ sql }) =>
    [...sql.matchAll(/"?([\w$]+)"?\."?[a-z_]/gi)].some(([, name]) => name === running),
  );
  if (bound === undefined) return;
  throw new TerminalError(
    `migration ${bound.name} names the schema ${running}, and would work there and not in ${rebuilt}; name its tables without a schema`,
  );
}

/** @returns how many batches were loaded */
async function loadStretch(
  { dataset, lake, warehouse, log }: RebuildOptions,
  { rebuilt }: Schemas,
  { migrations, upTo = Number.POSITIVE_INFINITY }: Stretch,
  head: number,
): Promise<number> {
  const batches = await load({
    dataset: { ...dataset, warehouse: { schema: rebuilt, migrations } },
    connect: warehouse,
    store: lake.processed,
    openDuckdb: (directory) => openDuckdb({ directory }),
    log: { info: () => undefined, warn: log.warn },
    onBatch: ({ number, capturedAt }) =>
      log.info(`batch ${number} of ${Math.max(number, head)}`, { captured: capturedAt }),
    upTo,
  });
  return batches.length;
}

/** Adds where it happened, and what there is now. */
function withState(error: unknown, { name }: Dataset, { running }: Schemas): unknown {
  if (error instanceof Error) {
    const state = error instanceof UnknownOutcomeError ? '' : `; ${running} is as before`;
    error.message = `rebuild ${name}: ${error.message}${state}`;
  }
  return error;
}
