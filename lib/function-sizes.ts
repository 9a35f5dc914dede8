/** How large each function is, with the reason beside the number. Measured with totesys and one batch of a million changed orders. */
import { Duration, Size } from 'aws-cdk-lib';
import type { Stage } from '../lambdas/shared/contract.ts';

export interface FunctionSize {
  /** In MB; DuckDB gets 60 % of it, and the processor grows with it. */
  readonly memory: number;
  /** Of /tmp. */
  readonly disk: Size;
  readonly timeout: Duration;
}

/** The longest that Lambda allows: the first batch copies every table, and what is not committed in time starts again. */
const LONGEST = Duration.minutes(15);

export const FUNCTION_SIZES: Readonly<Record<Stage, FunctionSize>> = {
  // rows flow through in streams: 180 MB when idle, 207 MB with a million rows, and up to 48 MB of parts on their way to S3;
  // on disk are only lists of keys
  ingest: { memory: 512, disk: Size.mebibytes(512), timeout: LONGEST },
  // DuckDB reads CSV through buffers, of up to 32 MB if a row is that long, and sorts models that join: 340 MB with a million rows;
  // on disk are the batch's files, 3 MB for that million, and what DuckDB cannot hold in memory
  transform: { memory: 1024, disk: Size.gibibytes(4), timeout: LONGEST },
  // PostgreSQL does the work: 241 MB with a million rows; on disk is one model's Parquet after another
  load: { memory: 512, disk: Size.gibibytes(2), timeout: LONGEST },
};
