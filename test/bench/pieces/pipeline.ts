/** The pipeline of the pieces that run Weir's own stages. */
import { join } from 'node:path';
import { createPipeline, type Pipeline, readDataset, SQL_FOLDER } from '../../../bin/pipeline.ts';
import { openLake } from '../../../lambdas/shared/lake.ts';
import { connect } from '../../../lambdas/shared/postgres.ts';
import type { Place } from '../piece.ts';

export async function openPipeline({ source, warehouse, lake, models }: Place): Promise<Pipeline> {
  const dataset = await readDataset(join(SQL_FOLDER, 'totesys'));
  return createPipeline({
    dataset: { ...dataset, models: dataset.models.filter(({ name }) => models?.includes(name) ?? true) },
    source: () => connect({ url: source, role: 'source' }),
    warehouse: () => connect({ url: warehouse, role: 'warehouse' }),
    lake: openLake(lake),
    log: { info: () => undefined, warn: () => undefined },
  });
}
