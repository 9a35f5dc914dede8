/** How far each stage is: cheap enough to be asked every second, and without a lock on any table of the data set. */
import type { Dataset } from '../lambdas/shared/dataset.ts';
import { ingestionManifest, processedManifest } from '../lambdas/shared/manifest.ts';
import { openManifestLog } from '../lambdas/shared/manifest-log.ts';
import type { Lake } from '../lambdas/shared/object-store.ts';
import { identifier } from '../lambdas/shared/postgres.ts';
import type { Connect } from '../lambdas/shared/session.ts';
import { describe } from './terminal/failure.ts';
import { exists } from './warehouse-sql.ts';

export interface Heads {
  /** The newest batch of each stage; 0 before the first, and where it could not be read. */
  readonly ingest: number;
  readonly transform: number;
  readonly load: number;
  /** Rows in quarantine. */
  readonly quarantined: number;
  /** What could not be read, in words. */
  readonly failures: readonly string[];
}

export interface ReadHeadsOptions {
  readonly dataset: Dataset;
  readonly lake: Lake;
  readonly warehouse: Connect;
}

export async function readHeads({ dataset, lake, warehouse }: ReadHeadsOptions): Promise<Heads> {
  const log = { dataset: dataset.name };
  const failures: string[] = [];
  const orNone = <Result>(none: Result) => {
    return (error: unknown) => {
      failures.push(describe(error));
      return none;
    };
  };
  const [ingested, processed, loaded] = await Promise.all([
    openManifestLog({ ...log, store: lake.ingestion, schema: ingestionManifest })
      .head()
      .catch(orNone(undefined)),
    openManifestLog({ ...log, store: lake.processed, schema: processedManifest })
      .head()
      .catch(orNone(undefined)),
    readLoaded(dataset, warehouse).catch(orNone({ load: 0, quarantined: 0 })),
  ]);
  return {
    ingest: ingested?.manifest.number ?? 0,
    transform: processed?.manifest.number ?? 0,
    ...loaded,
    failures,
  };
}

async function readLoaded(
  { warehouse: { schema } }: Dataset,
  warehouse: Connect,
): Promise<Pick<Heads, 'load' | 'quarantined'>> {
  const session = await warehouse();
  try {
    await session.query(`set search_path to ${identifier(schema)}`);
    if (!(await exists(session, 'weir_ledger'))) return { load: 0, quarantined: 0 };
    const [row] = await session.query<{ batch: string; quarantined: string }>(
      `select
         (select coalesce(max(batch), 0) from weir_ledger) as batch,
         (select count(*) from weir_quarantine) as quarantined`,
    );
    return { load: Number(row?.batch), quarantined: Number(row?.quarantined) };
  } finally {
    await session.end();
  }
}
