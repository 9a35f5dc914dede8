/** What the process that serves the page does to the pipeline; a page of a pipeline that runs elsewhere has none. */
export interface Activity {
  /** The stage at work, or `waiting`. */
  readonly doing: string;
  /** When the source was looked at last; undefined before the first time. */
  readonly lookedAt: string | undefined;
  /** What went wrong the last time, in words. */
  readonly failures: readonly string[];
}
