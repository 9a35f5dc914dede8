/** The ingest function: one poll of the source. */
import { tmpdir } from 'node:os';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { METRICS } from '../shared/contract.ts';
import { openDuckdb } from '../shared/duckdb.ts';
import { createStageFunction } from '../shared/stage-function.ts';
import { MassDeleteError } from './breaker.ts';
import { ingest } from './ingest.ts';
import { createPostgresSource } from './postgres-source.ts';
import type { Source } from './source.ts';

/** Kept between the runs of a container: it remembers when nothing had been written, and then looks at no table. */
let source: Source | undefined;

export const handler = createStageFunction('ingest', async ({ dataset, lake, connect, log, metrics }) => {
  const store = lake.ingestion;
  source ??= createPostgresSource({
    dataset,
    connect,
    store,
    openDuckdb: () => openDuckdb({ directory: tmpdir() }),
    log,
  });
  const batch = await ingest({ dataset, source, store, log }).catch((error) => {
    if (error instanceof MassDeleteError) metrics.addMetric(METRICS.refusedDeletes, MetricUnit.Count, 1);
    throw error;
  });
  const rows = Object.values(batch?.tables ?? {}).reduce((sum, { data }) => sum + (data?.rows ?? 0), 0);
  metrics.addMetric(METRICS.batches, MetricUnit.Count, batch === undefined ? 0 : 1);
  metrics.addMetric(METRICS.rows, MetricUnit.Count, rows);
});
