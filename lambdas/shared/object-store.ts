/** The port to a bucket. Keys are slash-separated segments; an object appears whole or not at all. */
import type { Readable } from 'node:stream';
import { TerminalError } from './errors.ts';

/** One bucket, real (S3) or local (a folder). Every adapter passes the same contract suite. */
export interface ObjectStore {
  /** Where the bucket is, for messages: `s3://name` or a folder. */
  readonly url: string;

  /** Writes an object from a stream, in memory independent of its size. A reader sees the object only when all of it is stored. */
  put(key: string, body: Readable): Promise<void>;

  /**
   * Writes an object unless its key exists, atomically among any number of writers.
   * @returns false if the key existed. After a `RetryableError` the outcome is unknown: read the key back.
   */
  putIfAbsent(key: string, body: string): Promise<boolean>;

  /** Opens an object for reading. @throws {ObjectNotFoundError} if the key does not exist. */
  get(key: string): Promise<Readable>;

  /** Names of the direct children of a folder (`''` is the root), ascending by code point; those that are folders end in `/`. */
  list(folder: string): Promise<readonly string[]>;
}

/** A key that should exist does not. */
export class ObjectNotFoundError extends TerminalError {
  override readonly name = 'ObjectNotFoundError';
}

/** The two buckets of a pipeline: what was captured, and what it was remodelled into. */
export interface Lake {
  readonly ingestion: ObjectStore;
  readonly processed: ObjectStore;
}
