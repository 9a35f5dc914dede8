/** The names that the functions and the description of the cloud share. Imports nothing, so that both can import it. */

/** Environment variables of the functions. */
export const ENVIRONMENT = {
  dataset: 'WEIR_DATASET',
  ingestionBucket: 'WEIR_INGESTION_BUCKET',
  processedBucket: 'WEIR_PROCESSED_BUCKET',
  /** ARN of the secret with the credentials of the function's database. */
  databaseSecret: 'WEIR_DATABASE_SECRET',
  /** Host, port and name of the database, where the secret does not hold them. */
  databaseHost: 'WEIR_DATABASE_HOST',
  databasePort: 'WEIR_DATABASE_PORT',
  databaseName: 'WEIR_DATABASE_NAME',
  /** How the server's certificate is checked: one of {@link TLS_MODES}. */
  databaseTls: 'WEIR_DATABASE_TLS',
} as const;

/** `rds`: against the certificate authorities of Amazon RDS; `system`: against those of Node.js; `off`: no TLS. */
export const TLS_MODES = ['rds', 'system', 'off'] as const;
export type TlsMode = (typeof TLS_MODES)[number];

export const STAGES = ['ingest', 'transform', 'load'] as const;
export type Stage = (typeof STAGES)[number];

/** Namespace of the metrics; each has the dimensions `service` (the stage) and `dataset`. */
export const METRIC_NAMESPACE = 'Weir';

export const METRICS = {
  /** Runs that ended well, of any stage; of ingest it is the heartbeat of the schedule. */
  completed: 'Completed',
  /** Batches that the stage committed. */
  batches: 'Batches',
  /** Rows that the stage captured, made or applied. */
  rows: 'Rows',
  /** Seconds that the oldest batch had waited for the stage when it began; 0 if none had. */
  waiting: 'Waiting',
  /** Seconds from the snapshot of a batch to its commit in the warehouse. */
  freshness: 'Freshness',
  /** Rows in the warehouse's quarantine. */
  quarantined: 'Quarantined',
  /** Batches that the mass-delete breaker refused. */
  refusedDeletes: 'RefusedDeletes',
} as const;

/** Where a data set's manifests are, in either bucket. */
export function manifestPrefix(dataset: string): string {
  return `${dataset}/manifests/`;
}
