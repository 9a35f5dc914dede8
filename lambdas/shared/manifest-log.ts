/** The numbered, gap-free log of manifests in a bucket: the only state of the pipeline, and its commit protocol. */
import { createHash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { messageOf, RetryableError, TerminalError } from './errors.ts';
import { ObjectNotFoundError, type ObjectStore } from './object-store.ts';

interface Numbered {
  readonly dataset: string;
  readonly number: number;
  readonly previous: string | null;
}

/** A committed manifest and the sha256 of its bytes. */
export interface Committed<Manifest> {
  readonly manifest: Manifest;
  readonly sha256: string;
}

export interface ManifestLog<Manifest> {
  /** The newest manifest, in a constant number of requests; undefined while the log is empty. */
  head(): Promise<Committed<Manifest> | undefined>;
  /** Manifest `number`. @throws {TerminalError} if it is missing, damaged or another data set's. */
  read(number: number): Promise<Committed<Manifest>>;
  /**
   * Appends a manifest: this PUT is the commit of its batch.
   * @returns false if another writer took the number first; nothing of this batch can be seen then.
   */
  commit(manifest: Manifest): Promise<boolean>;
}

/** Manifests a folder holds: the newest of up to a million is found with two LISTs of a page each. */
const FOLDER_SIZE = 1000;

export interface OpenManifestLogOptions<Manifest extends Numbered> {
  readonly store: ObjectStore;
  readonly dataset: string;
  readonly schema: z.ZodType<Manifest>;
}

export function openManifestLog<Manifest extends Numbered>(
  options: OpenManifestLogOptions<Manifest>,
): ManifestLog<Manifest> {
  const { store, dataset } = options;
  const root = `${dataset}/manifests`;
  const keyOf = (number: number) => `${root}/${pad(Math.floor(number / FOLDER_SIZE), 9)}/${pad(number, 12)}.json`;

  async function read(number: number): Promise<Committed<Manifest>> {
    const key = keyOf(number);
    const bytes = await readText(store, key).catch((error) => {
      if (!(error instanceof ObjectNotFoundError)) throw error;
      throw new TerminalError(
        `${store.url}/${key}: manifest ${number} is missing although later ones exist; restore it`,
      );
    });
    return { manifest: parse({ ...options, key, bytes, number }), sha256: sha256Of(bytes) };
  }

  return {
    read,

    async head() {
      const folder = (await store.list(root)).findLast((name) => /^\d{9}\/$/.test(name));
      if (folder === undefined) return undefined;
      const newest = (await store.list(`${root}/${folder.slice(0, -1)}`)).findLast((name) =>
        /^\d{12}\.json$/.test(name),
      );
      return newest === undefined ? undefined : read(Number.parseInt(newest, 10));
    },

    async commit(manifest) {
      const key = keyOf(manifest.number);
      const bytes = JSON.stringify(options.schema.parse(manifest), undefined, 2);
      try {
        if (await store.putIfAbsent(key, bytes)) return true;
      } catch (error) {
        if (!(error instanceof RetryableError)) throw error;
        return await wasStored({ store, key, bytes, error });
      }
      return (await readText(store, key)) === bytes; // a retried PUT whose first try took effect finds itself
    },
  };
}

/** Resolves a PUT of unknown outcome: true if it took effect, false if another writer's did, the error itself if none did. */
async function wasStored(put: { store: ObjectStore; key: string; bytes: string; error: unknown }): Promise<boolean> {
  try {
    return (await readText(put.store, put.key)) === put.bytes;
  } catch {
    throw put.error;
  }
}

function parse<Manifest extends Numbered>(
  read: OpenManifestLogOptions<Manifest> & { key: string; bytes: string; number: number },
): Manifest {
  const damaged = (reason: string) =>
    new TerminalError(
      `${read.store.url}/${read.key}: the manifest is damaged: ${reason}; restore the object, nothing was changed`,
    );
  let json: unknown;
  try {
    json = JSON.parse(read.bytes);
  } catch (error) {
    throw damaged(messageOf(error));
  }
  const result = read.schema.safeParse(json);
  if (!result.success) throw damaged(z.prettifyError(result.error));
  const { dataset, number } = result.data;
  if (dataset !== read.dataset) {
    throw new TerminalError(
      `${read.store.url}/${read.key} belongs to data set ${dataset}, not ${read.dataset}; use a lake of its own`,
    );
  }
  if (number !== read.number) throw damaged(`it says that it is number ${number}`);
  return result.data;
}

async function readText(store: ObjectStore, key: string): Promise<string> {
  return text(await store.get(key));
}

/** sha256 of a text, as lower-case hex. */
export function sha256Of(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}

function pad(number: number, digits: number): string {
  return String(number).padStart(digits, '0');
}
