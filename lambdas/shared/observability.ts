/** Logger, metrics and tracer of the functions, made in this one place. */
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { Tracer } from '@aws-lambda-powertools/tracer';
import { METRIC_NAMESPACE, type Stage } from './contract.ts';
import type { Log } from './log.ts';

export interface Observability {
  readonly logger: Logger;
  /** The logger as the stages know it. */
  readonly log: Log;
  readonly metrics: Metrics;
  readonly tracer: Tracer;
}

export function createObservability(stage: Stage, dataset: string): Observability {
  const logger = new Logger({ serviceName: stage, persistentKeys: { dataset } });
  return {
    logger,
    log: {
      info: (message, fields = {}) => logger.info(message, fields),
      warn: (message, fields = {}) => logger.warn(message, fields),
    },
    metrics: new Metrics({ namespace: METRIC_NAMESPACE, serviceName: stage, defaultDimensions: { dataset } }),
    tracer: new Tracer({ serviceName: stage }),
  };
}
