/** The transform function: every captured batch that is not transformed yet. */
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { METRICS } from '../shared/contract.ts';
import { openDuckdb } from '../shared/duckdb.ts';
import { createStageFunction, measureWaiting } from '../shared/stage-function.ts';
import { transform } from './transform.ts';

export const handler = createStageFunction('transform', async ({ dataset, lake, log, metrics }) => {
  const batches = await measureWaiting(metrics, (onBatch) =>
    transform({ dataset, lake, openDuckdb: (directory) => openDuckdb({ directory }), log, onBatch }),
  );
  const rows = batches.flatMap(({ models }) => Object.values(models)).reduce((sum, { data }) => sum + data.rows, 0);
  metrics.addMetric(METRICS.batches, MetricUnit.Count, batches.length);
  metrics.addMetric(METRICS.rows, MetricUnit.Count, rows);
});
