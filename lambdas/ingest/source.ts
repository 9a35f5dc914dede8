/** The port to a source: asked for what changed since the newest batch, it gives the next one or nothing. */
import type { IngestionManifest } from '../shared/manifest.ts';
import type { CaptureWriter } from './capture-writer.ts';

/** What a source says of a batch; the stage adds what makes it a manifest of the log. */
export type Capture = Omit<
  IngestionManifest,
  'format' | 'dataset' | 'number' | 'previous' | 'capturedAt' | 'attempt' | 'milliseconds'
>;

export interface PollOptions {
  /** The newest batch; undefined before the first. */
  readonly previous: IngestionManifest | undefined;
  /** Where the rows go. */
  readonly writer: CaptureWriter;
  /** Let this poll pass even if it deletes more than the data set's `max_delete_share`. */
  readonly acceptDeletes: boolean;
  /** Give a batch even if nothing changed, so that the horizon stays fresh. */
  readonly refresh: boolean;
}

export interface Source {
  /** Writes the objects of the next batch and describes it; undefined if nothing changed. */
  poll(options: PollOptions): Promise<Capture | undefined>;
}
