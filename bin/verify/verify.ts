/** Recomputes every model from a fresh snapshot of the source, and compares it with the warehouse row by row. Changes nothing anywhere. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset } from '../../lambdas/shared/dataset.ts';
import { openDuckdb } from '../../lambdas/shared/duckdb.ts';
import type { IngestionManifest } from '../../lambdas/shared/manifest.ts';
import type { Committed } from '../../lambdas/shared/manifest-log.ts';
import { withWorkFolder } from '../../lambdas/shared/object-file.ts';
import type { Lake } from '../../lambdas/shared/object-store.ts';
import type { Connect, Session } from '../../lambdas/shared/session.ts';
import { sum } from '../pass.ts';
import type { Display } from '../terminal/display.ts';
import { counted } from '../terminal/words.ts';
import { type ComparedTable, compareModel } from './compare-model.ts';
import { holdWarehouse, readBatchOf } from './hold-warehouse.ts';
import { checkLastUpdated, type LastUpdated } from './last-updated.ts';
import { type Recomputed, recompute } from './recompute.ts';

export interface VerifyOptions {
  readonly dataset: Dataset;
  readonly source: Connect;
  readonly warehouse: Connect;
  readonly lake: Lake;
  /** How many of the newest batches tell whether `last_updated` can be trusted. */
  readonly batches: number;
  readonly display: Pick<Display, 'during' | 'log'>;
}

export interface Verification {
  readonly dataset: string;
  /** When the source was as it was compared; all instants are ISO. */
  readonly sourceAt: string;
  /** The batch that the warehouse holds. */
  readonly batch: { readonly number: number; readonly capturedAt: string };
  /**
   * Why what changed in the source since that batch cannot be told from what is wrong: the next batch reads more than changes.
   * Undefined where it can be told, as `pending`.
   */
  readonly inseparable: string | undefined;
  readonly tables: readonly ComparedTable[];
  readonly lastUpdated: LastUpdated | undefined;
}

/** The warehouse first, then the source: what the source has and the warehouse has not can then only be newer or wrong. */
export async function verify(options: VerifyOptions): Promise<Verification> {
  const { dataset, lake, display } = options;
  const warehouse = await options.warehouse();
  try {
    return await withWorkFolder(async (folder) => {
      const newest = await holdWarehouse(warehouse, dataset);
      const batch = await readBatchOf(lake, dataset, newest);
      const recomputed = await recompute({ ...options, batch, folder: await makeFolder(folder, 'source') });
      const compare = async () =>
        compareModels(options, { warehouse, batch, recomputed, folder: await makeFolder(folder, 'compare') });
      const tables = await display.during('compare', compare, tellCompared);
      await warehouse.end(); // no load has to wait for what the lake tells alone
      const check = () =>
        checkLastUpdated({ ...options, store: lake.ingestion, newest: batch.manifest, folder, log: display.log });
      const lastUpdated = await display.during('versions', check, tellChecked);
      const { number, capturedAt } = batch.manifest;
      const cause = recomputed.delta?.cause ?? 'changes';
      return {
        dataset: dataset.name,
        sourceAt: recomputed.at,
        batch: { number, capturedAt },
        inseparable: cause === 'changes' ? undefined : cause,
        tables,
        lastUpdated,
      };
    });
  } finally {
    await warehouse.end();
  }
}

function tellCompared(tables: readonly ComparedTable[]): string {
  return `${counted(sum(tables.map(({ equal }) => equal)), 'row')} equal, ${counted(sum(tables.map(differencesIn)), 'difference')}`;
}

function tellChecked(lastUpdated: LastUpdated | undefined): string | undefined {
  return lastUpdated && `${counted(lastUpdated.objects, 'captured object')} checked`;
}

/** Rows that are wrong in the warehouse. */
export function differencesIn({ missing, extra, different }: ComparedTable): number {
  return missing + extra + different;
}

interface Compared {
  readonly warehouse: Session;
  readonly batch: Committed<IngestionManifest>;
  readonly recomputed: Recomputed;
  readonly folder: string;
}

async function compareModels(
  { dataset, lake, display }: VerifyOptions,
  { warehouse, batch, recomputed, folder }: Compared,
): Promise<ComparedTable[]> {
  const duckdb = await openDuckdb({ directory: folder });
  try {
    const tables: ComparedTable[] = [];
    for (const model of dataset.models) {
      display.log.info(`comparing ${model.name}`);
      const number = batch.manifest.number;
      const table = await compareModel({
        session: warehouse,
        dataset,
        model,
        batch: number,
        recomputed,
        lake,
        duckdb,
        folder,
      });
      display.log.info(`compared ${model.name}`, { rows: table.rows, differences: differencesIn(table) });
      tables.push(table);
    }
    return tables;
  } finally {
    duckdb.close();
  }
}

async function makeFolder(parent: string, name: string): Promise<string> {
  const folder = join(parent, name);
  await mkdir(folder);
  return folder;
}
