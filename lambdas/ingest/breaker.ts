/** The circuit breaker: a batch in which too large a share of a table's rows is gone is not written. */
import type { Dataset } from '../shared/dataset.ts';
import { TerminalError } from '../shared/errors.ts';
import type { IngestionManifest } from '../shared/manifest.ts';
import type { Count } from './census.ts';

/** So few vanished rows never trip the breaker, however small the table. */
const ALWAYS_ALLOWED = 10;

/** Too many rows are gone: a fault of the source, or something that only a person can confirm. */
export class MassDeleteError extends TerminalError {
  override readonly name = 'MassDeleteError';
}

export interface RefuseMassDeleteOptions {
  readonly dataset: Dataset;
  readonly previous: IngestionManifest | undefined;
  readonly census: ReadonlyMap<string, Count>;
}

/** @throws {MassDeleteError} naming the table and both numbers; nothing was written then, and the next poll counts again. */
export function refuseMassDelete({ dataset, previous, census }: RefuseMassDeleteOptions): void {
  for (const [table, { rows }] of census) {
    const before = previous?.tables[table]?.rows ?? 0;
    const gone = before - rows;
    if (gone <= ALWAYS_ALLOWED || gone <= before * dataset.maxDeleteShare) continue;
    throw new MassDeleteError(
      `ingest ${dataset.name}/${table} batch ${(previous?.number ?? 0) + 1}: ${gone} of ${before} rows are gone, more than ` +
        `max_delete_share ${dataset.maxDeleteShare} allows; nothing was written. If the rows were meant to go, run once with --accept-deletes`,
    );
  }
}
