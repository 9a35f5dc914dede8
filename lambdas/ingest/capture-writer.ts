/** Writes captured rows into the ingestion bucket: compressed, hashed and counted in passing, in memory independent of their number. */
import { createHash } from 'node:crypto';
import { PassThrough, Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import type { DataObject } from '../shared/manifest.ts';
import type { ObjectStore } from '../shared/object-store.ts';

export interface CaptureWriter {
  /** Stores what `produce` writes as gzipped CSV. `produce` resolves with the number of rows. */
  csv(
    object: { table: string; suffix?: string },
    produce: (sink: NodeJS.WritableStream) => Promise<number>,
  ): Promise<DataObject>;
  /** Stores a small value as JSON. @returns its key */
  json(object: { table: string; suffix: string }, value: unknown): Promise<string>;
}

export interface CaptureWriterOptions {
  readonly store: ObjectStore;
  readonly dataset: string;
  /** Names this attempt's objects, so that none is ever overwritten. */
  readonly attempt: string;
  readonly startedAt: Date;
}

const CHUNK_BYTES = 1024 * 1024;

export function createCaptureWriter({ store, dataset, attempt, startedAt }: CaptureWriterOptions): CaptureWriter {
  const [date, time] = startedAt.toISOString().split(/[T.]/);
  const keyOf = (table: string, ending: string) =>
    `${dataset}/${encodeURIComponent(table)}/${date}/${time?.replaceAll(':', '-')}/${attempt}${ending}`;

  return {
    async csv({ table, suffix = '' }, produce) {
      const key = keyOf(table, `${suffix}.csv.gz`);
      const gzip = createGzip({ level: constants.Z_BEST_SPEED, chunkSize: CHUNK_BYTES });
      const { digest, result } = createDigest();
      const stored = new PassThrough({ highWaterMark: CHUNK_BYTES });
      const [rows] = await allOrCause([produce(gzip), pipeline(gzip, digest, stored), store.put(key, stored)]);
      return { key, rows, ...result() };
    },

    async json({ table, suffix }, value) {
      const key = keyOf(table, `${suffix}.json`);
      await store.put(key, Readable.from([JSON.stringify(value)]));
      return key;
    },
  };
}

/** Waits for all ends of a stream and throws what went wrong first, not that the other ends were closed because of it. */
async function allOrCause<Results extends readonly unknown[]>(
  ends: {
    readonly [End in keyof Results]: Promise<Results[End]>;
  },
): Promise<Results> {
  const settled = await Promise.allSettled(ends);
  const errors = settled.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
  if (errors.length > 0) throw errors.find((error) => !isClosedByOthers(error)) ?? errors[0];
  return Promise.all(ends) as Promise<Results>;
}

function isClosedByOthers(error: unknown): boolean {
  const { code, cause } = error as { code?: string; cause?: unknown };
  return code === 'ERR_STREAM_PREMATURE_CLOSE' || (cause !== undefined && isClosedByOthers(cause));
}

function createDigest(): { digest: Transform; result: () => { bytes: number; sha256: string } } {
  const hash = createHash('sha256');
  let bytes = 0;
  const digest = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(undefined, chunk);
    },
  });
  return { digest, result: () => ({ bytes, sha256: hash.digest('hex') }) };
}
