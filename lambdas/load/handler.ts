/** The load function: every transformed batch that the warehouse does not hold yet. */
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { METRICS } from '../shared/contract.ts';
import { openDuckdb } from '../shared/duckdb.ts';
import { createStageFunction, measureWaiting } from '../shared/stage-function.ts';
import { load } from './load.ts';

export const handler = createStageFunction('load', async ({ dataset, lake, connect, log, metrics }) => {
  const store = lake.processed;
  const batches = await measureWaiting(metrics, (onBatch) =>
    load({ dataset, connect, store, openDuckdb: (directory) => openDuckdb({ directory }), log, onBatch }),
  );
  const counts = batches.flatMap(({ models }) => Object.values(models));
  const rows = counts.reduce((sum, { inserted, changed, deleted }) => sum + inserted + changed + deleted, 0);
  metrics.addMetric(METRICS.batches, MetricUnit.Count, batches.length);
  metrics.addMetric(METRICS.rows, MetricUnit.Count, rows);
  for (const { capturedAt, quarantined } of batches) {
    metrics.addMetric(METRICS.quarantined, MetricUnit.Count, quarantined);
    metrics.addMetric(METRICS.freshness, MetricUnit.Seconds, (Date.now() - Date.parse(capturedAt)) / 1000);
  }
});
