/** Holds the warehouse still: one snapshot of its tables, and the batch of the lake that they should be. */
import { type LedgerEntry, readLedger } from '../../lambdas/load/ledger.ts';
import type { Dataset } from '../../lambdas/shared/dataset.ts';
import { TerminalError } from '../../lambdas/shared/errors.ts';
import { type IngestionManifest, ingestionManifest, processedManifest } from '../../lambdas/shared/manifest.ts';
import { type Committed, openManifestLog } from '../../lambdas/shared/manifest-log.ts';
import type { Lake } from '../../lambdas/shared/object-store.ts';
import { identifier } from '../../lambdas/shared/postgres.ts';
import type { Session } from '../../lambdas/shared/session.ts';

/**
 * Opens the transaction in which the warehouse is compared, and reads its newest batch. All locks are taken at once and without
 * waiting: a reader that took them one by one could end in a deadlock with a load that alters tables, and the load would be the victim.
 * @throws {TerminalError} if there is no batch yet, or a table is missing
 */
export async function holdWarehouse(session: Session, { models, warehouse }: Dataset): Promise<LedgerEntry> {
  const tables = ['weir_ledger', 'weir_quarantine', ...models.map(({ name }) => name)];
  await session.query(`set search_path to ${identifier(warehouse.schema)}`);
  const missing = await session.query<{ name: string }>(
    'select name from unnest($1::text[]) name where to_regclass(quote_ident(name)) is null',
    [tables],
  );
  const [first] = missing;
  if (missing.some(({ name }) => name === 'weir_ledger')) throw noBatch();
  if (first !== undefined)
    throw new TerminalError(`the warehouse has no table ${first.name}; weir run applies the migration that makes it`);

  await session.query('begin isolation level repeatable read');
  await session.query('set local idle_in_transaction_session_timeout = 0'); // it waits while the source is read
  await session.query(`lock table ${tables.map(identifier).join(', ')} in access share mode nowait`);
  const newest = await readLedger(session);
  if (newest === undefined) throw noBatch();
  return newest;
}

function noBatch(): TerminalError {
  return new TerminalError('the warehouse holds no batch yet; weir run brings the first, then verify');
}

/** The capture that the warehouse's newest batch is made of. @throws {TerminalError} if the batch is not of this lake */
export async function readBatchOf(
  lake: Lake,
  { name }: Dataset,
  newest: LedgerEntry,
): Promise<Committed<IngestionManifest>> {
  const processed = openManifestLog({ store: lake.processed, dataset: name, schema: processedManifest });
  const last = (await processed.head())?.manifest.number ?? 0;
  const batch = last < newest.batch ? undefined : await processed.read(newest.batch);
  if (batch?.sha256 !== newest.manifestSha256) {
    throw new TerminalError(
      `the warehouse is at batch ${newest.batch} of another lake, ${lake.processed.url} is at batch ${last}; ` +
        'point --lake to the lake that it was loaded from. Nothing was compared',
    );
  }
  const captured = openManifestLog({ store: lake.ingestion, dataset: name, schema: ingestionManifest });
  const capture = await captured.read(newest.batch);
  if (capture.sha256 === batch.manifest.ingestion) return capture;
  throw new TerminalError(
    `batch ${newest.batch} of ${lake.processed.url} was not made from that of ${lake.ingestion.url}; ` +
      'the two buckets do not belong together, restore the right one. Nothing was compared',
  );
}
