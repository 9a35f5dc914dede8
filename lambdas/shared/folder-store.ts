/** A folder as a bucket: what a laptop uses in place of S3. Safe among processes, and against a kill at any moment. */
import { randomUUID } from 'node:crypto';
import { createWriteStream, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { link, lstat, mkdir, open, opendir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TerminalError } from './errors.ts';
import { codeOf, folderError, isMissing, systemError } from './folder-error.ts';
import { byCodePoint, checkKey, INCOMPLETE, prefixOf } from './object-key.ts';
import { ObjectNotFoundError, type ObjectStore } from './object-store.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Opens a folder as an object store; the first write creates the folder. What killed runs left behind more than a day ago is removed.
 * @throws {TerminalError} if the path leads to or through a file.
 */
export function openFolderStore(folder: string): ObjectStore {
  const root = resolve(folder);
  checkRoot(root);
  sweep(join(root, INCOMPLETE));
  return {
    url: root,
    put: (key, body) => store(root, key, body, rename),
    putIfAbsent: (key, body) => store(root, key, Readable.from([body]), linkIfAbsent),
    get: (key) => read(root, key),
    list: (folder) => children(root, folder),
  };
}

function checkRoot(root: string): void {
  try {
    if (!statSync(root).isDirectory()) throw systemError('ENOTDIR');
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw folderError(`open ${root}`, error);
  }
}

/** A write touches its file all the time, so one untouched for a day belongs to a run that is gone. */
function sweep(incomplete: string): void {
  try {
    for (const name of readdirSync(incomplete)) {
      const path = join(incomplete, name);
      if (Date.now() - statSync(path).mtimeMs > DAY_MS) rmSync(path);
    }
  } catch {
    // Housekeeping must not keep a reader out: there is nothing to sweep, another process sweeps too, or the folder is read-only.
  }
}

/** Writes the body under a temporary name, then publishes it under its own in one step: a reader sees all of it or nothing. */
async function store<Outcome>(
  root: string,
  key: string,
  body: Readable,
  publish: (temporary: string, path: string) => Promise<Outcome>,
): Promise<Outcome> {
  const path = join(root, key);
  const temporary = join(root, INCOMPLETE, randomUUID());
  let sourceError = body.errored;
  try {
    checkKey(root, key);
    // Nothing is awaited until the pipeline listens to the body, whose failure would otherwise end the process.
    mkdirSync(dirname(temporary), { recursive: true });
    const sink = createWriteStream(temporary, { flags: 'wx', flush: true });
    body.once('error', (error) => {
      if (sink.errored === null) sourceError = error;
    });
    await pipeline(body, sink);
    await refuseLinks(root, key);
    const firstCreated = await mkdir(dirname(path), { recursive: true });
    const outcome = await publish(temporary, path);
    await syncFolders(dirname(path), firstCreated === undefined ? dirname(path) : dirname(firstCreated));
    return outcome;
  } catch (error) {
    body.destroy();
    throw sourceError ?? folderError(`write ${path}`, error);
  } finally {
    // The outcome stands whether or not this succeeds; a later opening sweeps.
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

/** `link` never replaces a name, however many processes try. @returns false if the name was taken. */
async function linkIfAbsent(temporary: string, path: string): Promise<boolean> {
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    if ((await lstat(path)).isDirectory()) throw systemError('EISDIR');
    return false;
  }
}

/** Makes the new names survive a power cut: flushes a folder and those above it, up to the last that existed before. */
async function syncFolders(from: string, upTo: string): Promise<void> {
  if (process.platform === 'win32') return; // Windows does not open folders.
  for (let folder = from; ; folder = dirname(folder)) {
    const handle = await open(folder);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (folder === upTo) return;
  }
}

async function read(root: string, key: string): Promise<Readable> {
  checkKey(root, key);
  const path = join(root, key);
  try {
    await refuseLinks(root, key);
    const file = await open(path);
    if ((await file.stat()).isFile()) return file.createReadStream();
    await file.close();
    throw systemError('ENOENT');
  } catch (error) {
    if (isMissing(error)) throw new ObjectNotFoundError(`read ${path}: there is no such object`);
    throw folderError(`read ${path}`, error);
  }
}

async function children(root: string, folder: string): Promise<readonly string[]> {
  const prefix = prefixOf(root, folder);
  const path = join(root, prefix);
  try {
    await refuseLinks(root, prefix);
    const names: string[] = [];
    for (const entry of await readdir(path, { withFileTypes: true })) {
      if (prefix === '' && entry.name === INCOMPLETE) continue;
      if (entry.isFile()) names.push(entry.name);
      else if (entry.isDirectory() && (await holdsObject(join(path, entry.name)))) names.push(`${entry.name}/`);
    }
    return names.sort(byCodePoint);
  } catch (error) {
    if (isMissing(error)) return [];
    throw folderError(`list ${path}`, error);
  }
}

/** A bucket has no empty folders. Here a run killed before its rename leaves one, and a reader must not take it for the newest. */
async function holdsObject(folder: string): Promise<boolean> {
  for await (const entry of await opendir(folder)) {
    if (entry.isFile()) return true;
    if (entry.isDirectory() && (await holdsObject(join(folder, entry.name)))) return true;
  }
  return false;
}

/** A symbolic link could lead out of the folder, and `list` shows none: a key leads through real folders to a real file. */
async function refuseLinks(root: string, key: string): Promise<void> {
  let path = root;
  for (const segment of key.split('/')) {
    path = join(path, segment);
    // What is missing or forbidden is told by the operation itself.
    const stats = await lstat(path).catch(() => undefined);
    if (stats === undefined) return;
    if (stats.isSymbolicLink()) {
      throw new TerminalError(
        `${join(root, key)}: ${path} is a symbolic link; put the folder or file itself in its place`,
      );
    }
  }
}
