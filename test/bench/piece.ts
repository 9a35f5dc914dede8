/** What a measured piece of work is given, and what it gives. */
import { join } from 'node:path';

/** Where everything is; the same for all pieces, so that each finds what another left. */
export interface Place {
  /** Address of the totesys database. */
  readonly source: string;
  /** Address of the warehouse database. */
  readonly warehouse: string;
  /** The folder that is the lake. */
  readonly lake: string;
  /** A folder for what the baselines read and write. */
  readonly files: string;
  /** Rows that a baseline reads whose speed, not whose time, is compared. */
  readonly sample: number;
  /** The models to run. @default - all */
  readonly models?: readonly string[];
}

/** Sales orders as rows of fact_sales_order, CSV without a header. */
export function factFile({ files }: Place): string {
  return join(files, 'fact_sales_order.csv');
}

/** One timed run. @returns the rows that it moved */
export type Run = () => Promise<number>;

/** Prepares, untimed, what is then run; connections stay open until the process ends. */
export type Prepare = (place: Place) => Promise<Run>;

/** What the process of a piece is told to do. */
export interface Task {
  /** The name of a file in `pieces`. */
  readonly piece: string;
  readonly place: Place;
  /** Runs before those that count. */
  readonly warmUps: number;
  readonly runs: number;
}

export interface Result {
  /** Rows of the last run. */
  readonly rows: number;
  /** Of every run that counts. */
  readonly milliseconds: readonly number[];
  /** Highest resident memory of the process, preparation included. */
  readonly peakMegabytes: number;
}
