/** Writes captured rows into the ingestion bucket: compressed, hashed and counted in passing, in memory independent of their number. */
import { createHash } from 'node:crypto';
import { PassThrough, Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import type { CsvObject } from '../shared/manifest.ts';
import type { ObjectStore } from '../shared/object-store.ts';
import { allOrCause } from '../shared/stream-ends.ts';

export interface CaptureWriter {
  /** Stores what `produce` writes as gzipped CSV. `produce` resolves with the number of rows. */
  csv(
    object: { table: string; suffix?: string },
    produce: (sink: NodeJS.WritableStream) => Promise<number>,
  ): Promise<CsvObject>;
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
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

export function createCaptureWriter({ store, dataset, attempt, startedAt }: CaptureWriterOptions): CaptureWriter {
  const [date, time] = startedAt.toISOString().split(/[T.]/);
  const keyOf = (table: string, ending: string) =>
    `${dataset}/${encodeURIComponent(table).replaceAll('.', '%2E')}/${date}/${time?.replaceAll(':', '-')}/${attempt}${ending}`;

  return {
    async csv({ table, suffix = '' }, produce) {
      const key = keyOf(table, `${suffix}.csv.gz`);
      const gzip = createGzip({ level: constants.Z_BEST_SPEED, chunkSize: CHUNK_BYTES });
      const lines = createLineCounter();
      const { digest, result } = createDigest();
      const stored = new PassThrough({ highWaterMark: CHUNK_BYTES });
      const [rows] = await allOrCause([
        produce(lines.counter),
        pipeline(lines.counter, gzip, digest, stored),
        store.put(key, stored),
      ]);
      return { key, rows, ...result(), multiline: lines.isMultiline(rows) };
    },

    async json({ table, suffix }, value) {
      const key = keyOf(table, `${suffix}.json`);
      await store.put(key, Readable.from([JSON.stringify(value)]));
      return key;
    },
  };
}

/** A file in which each row is a line can be read by several threads at once: any of them knows a row when it sees a line. */
function createLineCounter(): { counter: Transform; isMultiline: (rows: number) => boolean } {
  let lines = 0;
  let returns = false;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, at + 1)) lines++;
      returns ||= chunk.includes(CARRIAGE_RETURN);
      done(undefined, chunk);
    },
  });
  return { counter, isMultiline: (rows) => returns || lines !== rows + 1 }; // one line is the header
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
