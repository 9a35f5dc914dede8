/** The ingest function: one poll of the source. */
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { METRICS } from '../shared/contract.ts';
import { openDuckdb } from '../shared/duckdb.ts';
import { withWorkFolder } from '../shared/object-file.ts';
import { createStageFunction } from '../shared/stage-function.ts';
import { MassDeleteError } from './breaker.ts';
import { ingest } from './ingest.ts';
import { createPostgresSource } from './postgres-source.ts';

export const handler = createStageFunction('ingest', async ({ dataset, lake, connect, log, metrics }) => {
  const store = lake.ingestion;
  const batch = await withWorkFolder((directory) => {
    const source = createPostgresSource({
      dataset,
      connect,
      store,
      openDuckdb: () => openDuckdb({ directory }),
      log,
    });
    return ingest({ dataset, source, store, log });
  }).catch((error) => {
    if (error instanceof MassDeleteError) metrics.addMetric(METRICS.refusedDeletes, MetricUnit.Count, 1);
    throw error;
  });
  const rows = Object.values(batch?.tables ?? {}).reduce((sum, { data }) => sum + (data?.rows ?? 0), 0);
  metrics.addMetric(METRICS.batches, MetricUnit.Count, batch === undefined ? 0 : 1);
  metrics.addMetric(METRICS.rows, MetricUnit.Count, rows);
});
