/** Objects of the lake as local files: DuckDB reads and writes files, and every byte is checked against its manifest on the way. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { RetryableError, TerminalError } from './errors.ts';
import type { DataObject } from './manifest.ts';
import type { ObjectStore } from './object-store.ts';
import { allOrCause } from './stream-ends.ts';

/** Fetches an object into a file. @throws {TerminalError} if its bytes are not those that the manifest recorded. */
export async function fetchObject(store: ObjectStore, object: DataObject, path: string): Promise<void> {
  const { sha256, bytes } = await diskErrors(path, copy(await store.get(object.key), createWriteStream(path)));
  if (sha256 === object.sha256) return;
  throw new TerminalError(
    `${store.url}/${object.key} is damaged: ${bytes} bytes with sha256 ${sha256}, the manifest says ${object.bytes} with ${object.sha256}; ` +
      'restore the object, nothing was changed',
  );
}

/** Stores a file under `key`. @returns its size and hash */
export async function storeFile(
  store: ObjectStore,
  key: string,
  path: string,
): Promise<{ bytes: number; sha256: string }> {
  const body = new PassThrough();
  const [measured] = await allOrCause([copy(createReadStream(path), body), store.put(key, body)]);
  return measured;
}

async function copy(from: Readable, to: NodeJS.WritableStream): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  await pipeline(
    from,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        bytes += chunk.length;
        yield chunk;
      }
    },
    to,
  );
  return { bytes, sha256: hash.digest('hex') };
}

/** Gives `work` a new local folder and removes it afterwards, whatever happened. */
export async function withWorkFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function diskErrors<Result>(path: string, work: Promise<Result>): Promise<Result> {
  return work.catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOSPC') throw error;
    throw new RetryableError(`${path}: the local disk is full; nothing was committed, make room and run again`, {
      cause: error,
    });
  });
}
