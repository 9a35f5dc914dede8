/** What was done to the source, in rows per table. */
import { TABLES, type Table } from './rows.ts';

export type Counts = Readonly<Partial<Record<Table, number>>>;

export interface Summary {
  /** The simulated time when it was done, `yyyy-mm-dd hh:mm:ss.mmm`: that of the last event, or closing time. */
  readonly time: string;
  readonly inserted: Counts;
  readonly updated: Counts;
  /** Updated with `last_updated` left as it was; not counted in `updated`. */
  readonly silent: Counts;
  readonly deleted: Counts;
}

/** The summary of `parts` at `time`; whatever is not named did not happen. */
export function summary(time: string, parts: Partial<Omit<Summary, 'time'>>): Summary {
  return { time, inserted: {}, updated: {}, silent: {}, deleted: {}, ...parts };
}

export function addSummaries(first: Summary, second: Summary): Summary {
  return {
    time: second.time,
    inserted: addCounts(first.inserted, second.inserted),
    updated: addCounts(first.updated, second.updated),
    silent: addCounts(first.silent, second.silent),
    deleted: addCounts(first.deleted, second.deleted),
  };
}

export function addCounts(first: Counts, second: Counts): Counts {
  const sums = TABLES.map((table) => [table, (first[table] ?? 0) + (second[table] ?? 0)] as const);
  return Object.fromEntries(sums.filter(([, rows]) => rows > 0));
}
