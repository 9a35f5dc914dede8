/** A text that is another one whenever the pages have something else to show; cheaper than any of them. */
import { ingestionManifest, processedManifest } from '../../lambdas/shared/manifest.ts';
import { openManifestLog } from '../../lambdas/shared/manifest-log.ts';
import { identifier } from '../../lambdas/shared/postgres.ts';
import { describe } from '../terminal/failure.ts';
import type { PageOptions } from './pages.ts';

export async function readVersion({ dataset, lake, warehouse, activity }: PageOptions): Promise<string> {
  const log = { dataset: dataset.name };
  const parts = await Promise.all([
    openManifestLog({ ...log, store: lake.ingestion, schema: ingestionManifest })
      .head()
      .then(sha256Of, describe),
    openManifestLog({ ...log, store: lake.processed, schema: processedManifest })
      .head()
      .then(sha256Of, describe),
    readWarehouseVersion({ dataset, warehouse }).catch(describe),
  ]);
  return JSON.stringify([...parts, activity?.().failures]);
}

function sha256Of(head: { readonly sha256: string } | undefined): string | undefined {
  return head?.sha256;
}

/** The newest batch, and the rows in quarantine: these may come back between two batches. */
async function readWarehouseVersion({ dataset, warehouse }: Pick<PageOptions, 'dataset' | 'warehouse'>) {
  const session = await warehouse();
  try {
    await session.query(`set search_path to ${identifier(dataset.warehouse.schema)}`);
    const [ready] = await session.query(`select 1 where to_regclass('weir_ledger') is not null`);
    if (ready === undefined) return undefined;
    return await session.query(
      'select (select max(batch) from weir_ledger) as batch, (select count(*) from weir_quarantine) as quarantined',
    );
  } finally {
    await session.end();
  }
}
