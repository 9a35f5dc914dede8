/** What every function does around its stage: read the environment, open the lake and the data set, measure, log and trace. */
import { join } from 'node:path';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { ENVIRONMENT, METRICS, type Stage } from './contract.ts';
import { type Dataset, loadDataset } from './dataset.ts';
import { openDuckdb } from './duckdb.ts';
import { messageOf } from './errors.ts';
import { readFunctionEnvironment } from './function-environment.ts';
import { withWorkFolder } from './object-file.ts';
import type { Lake } from './object-store.ts';
import { createObservability, type Observability } from './observability.ts';
import { openS3Store } from './s3-store.ts';
import { connectWithSecret } from './secret-session.ts';
import type { Connect } from './session.ts';

export interface StageContext extends Observability {
  readonly dataset: Dataset;
  readonly lake: Lake;
  /** Opens the function's database: the source or the warehouse. */
  readonly connect: Connect;
}

/**
 * Makes a Lambda handler of a stage. The event is not looked at: it is a hint that there may be work, and the log of manifests
 * says which. A failure is thrown on, so that Lambda retries it, counts it as an error and keeps the event.
 */
export function createStageFunction(stage: Stage, run: (context: StageContext) => Promise<void>): () => Promise<void> {
  const environment = readFunctionEnvironment();
  const observability = createObservability(stage, environment[ENVIRONMENT.dataset]);
  const { logger, metrics } = observability;
  const lake = {
    ingestion: openS3Store({ bucket: environment[ENVIRONMENT.ingestionBucket] }),
    processed: openS3Store({ bucket: environment[ENVIRONMENT.processedBucket] }),
  };
  const connect = connectWithSecret({ environment, role: stage === 'ingest' ? 'source' : 'warehouse' });
  let dataset: Promise<Dataset> | undefined;

  return async () => {
    try {
      dataset ??= readDataset(environment[ENVIRONMENT.dataset]);
      await run({ ...observability, connect, lake, dataset: await dataset });
      metrics.addMetric(METRICS.completed, MetricUnit.Count, 1);
    } catch (error) {
      dataset = undefined;
      logger.error(messageOf(error), error instanceof Error ? error : new Error(messageOf(error)));
      throw error;
    } finally {
      if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
    }
  };
}

/** Measures how long the oldest batch has waited when `run` begins to work; 0 if none has. Said even if `run` fails. */
export async function measureWaiting<Result>(
  metrics: StageContext['metrics'],
  run: (onBatch: (batch: { capturedAt: string }) => void) => Promise<Result>,
): Promise<Result> {
  let waiting = 0;
  try {
    return await run(({ capturedAt }) => {
      waiting ||= Math.max(0, Date.now() - Date.parse(capturedAt)) / 1000;
    });
  } finally {
    metrics.addMetric(METRICS.waiting, MetricUnit.Seconds, waiting);
  }
}

/** The data set's folder travels in the function's own package. */
async function readDataset(name: string): Promise<Dataset> {
  return withWorkFolder(async (directory) => {
    const duckdb = await openDuckdb({ directory });
    try {
      return await loadDataset(join(process.env.LAMBDA_TASK_ROOT ?? '.', 'sql', name), duckdb);
    } finally {
      duckdb.close();
    }
  });
}
