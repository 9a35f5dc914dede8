import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RetryableError, TerminalError } from '../../lambdas/shared/errors.ts';
import { openFolderStore } from '../../lambdas/shared/folder-store.ts';
import { type ProcessedManifest, processedManifest } from '../../lambdas/shared/manifest.ts';
import { openManifestLog } from '../../lambdas/shared/manifest-log.ts';
import type { ObjectStore } from '../../lambdas/shared/object-store.ts';

let folder: string;
let store: ObjectStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-log-'));
  store = openFolderStore(folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

function manifest(number: number, previous: string | null = null): ProcessedManifest {
  const capturedAt = '2026-11-21T07:03:00.000Z';
  return { format: 1, dataset: 'shop', number, previous, capturedAt, ingestion: '0'.repeat(64), models: {} };
}

const logOf = (bucket: ObjectStore, dataset = 'shop') =>
  openManifestLog({ store: bucket, dataset, schema: processedManifest });

async function fill(from: number, to: number): Promise<void> {
  for (let number = from; number <= to; number++) await logOf(store).commit(manifest(number));
}

/** The same store, counting its calls, with some of them replaced. */
function observed(replaced: Partial<ObjectStore> = {}): ObjectStore & { calls: string[] } {
  const calls: string[] = [];
  const note =
    <Arguments extends unknown[], Result>(name: string, call: (...args: Arguments) => Result) =>
    (...args: Arguments) => {
      calls.push(name);
      return call(...args);
    };
  const { put, putIfAbsent, get, list } = { ...store, ...replaced };
  return {
    url: store.url,
    calls,
    put: note('put', put),
    putIfAbsent: note('putIfAbsent', putIfAbsent),
    get: note('get', get),
    list: note('list', list),
  };
}

describe('the manifest log', () => {
  test('is empty before the first commit', async () => {
    expect(await logOf(store).head()).toBeUndefined();
  });

  test('gives back what was committed, with the hash that the next manifest names', async () => {
    expect(await logOf(store).commit(manifest(1))).toBe(true);
    const head = await logOf(store).head();
    expect(head).toEqual({ manifest: manifest(1), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    await logOf(store).commit(manifest(2, head?.sha256));
    expect((await logOf(store).read(1)).sha256).toBe((await logOf(store).head())?.manifest.previous);
  });

  test('finds its head in two lists and one read, however long it is', async () => {
    await fill(1, 1);
    const short = observed();
    await logOf(short).head();
    await fill(998, 1002);
    const long = observed();
    expect((await logOf(long).head())?.manifest.number).toBe(1002);
    expect(long.calls).toEqual(['list', 'list', 'get']);
    expect(short.calls).toEqual(long.calls);
  });

  test('lets one of two writers of a number win, and keeps the winner’s manifest', async () => {
    const [mine, theirs] = [
      { ...manifest(1), ingestion: 'a'.repeat(64) },
      { ...manifest(1), ingestion: 'b'.repeat(64) },
    ];
    const won = await Promise.all([logOf(store).commit(mine), logOf(store).commit(theirs)]);
    expect([...won].sort()).toEqual([false, true]);
    expect((await logOf(store).read(1)).manifest).toEqual(won[0] ? mine : theirs);
  });

  test('takes a PUT that was retried after it took effect for what it is: its own', async () => {
    const retried = observed({
      async putIfAbsent(key, body) {
        await store.putIfAbsent(key, body);
        return store.putIfAbsent(key, body);
      },
    });
    expect(await logOf(retried).commit(manifest(1))).toBe(true);
  });

  test('reads back a PUT whose reply was lost', async () => {
    const lost = observed({
      async putIfAbsent(key, body) {
        await store.putIfAbsent(key, body);
        throw new RetryableError('no reply');
      },
    });
    expect(await logOf(lost).commit(manifest(1))).toBe(true);
    expect(await logOf(lost).commit({ ...manifest(1), ingestion: 'f'.repeat(64) })).toBe(false);
  });

  test('fails with the cause when a PUT neither took effect nor met another’s manifest', async () => {
    const broken = observed({ putIfAbsent: () => Promise.reject(new RetryableError('no route')) });
    await expect(logOf(broken).commit(manifest(1))).rejects.toThrow('no route');
    expect(await logOf(store).head()).toBeUndefined();
  });

  test('does not retry what is refused for good', async () => {
    const refused = observed({ putIfAbsent: () => Promise.reject(new TerminalError('access denied')) });
    await expect(logOf(refused).commit(manifest(1))).rejects.toThrow('access denied');
    expect(refused.calls).toEqual(['putIfAbsent']);
  });

  test('does not commit a manifest that nobody could read', async () => {
    await expect(logOf(store).commit({ ...manifest(1), ingestion: 'short' })).rejects.toThrow('ingestion');
    expect(await logOf(store).head()).toBeUndefined();
  });
});

describe('a manifest that is wrong stops the line and names its key', () => {
  const key = 'shop/manifests/000000000/000000000002.json';
  const write = (content: string) => writeFileSync(join(folder, key), content);
  beforeEach(() => fill(1, 2));

  test.each([
    ['is cut off', '{"format": 1, "data', 'the manifest is damaged'],
    ['lacks a field', JSON.stringify({ ...manifest(2), ingestion: undefined }), 'ingestion'],
    ['has a field too many', JSON.stringify({ ...manifest(2), note: randomUUID() }), 'note'],
    ['is of an unknown format', JSON.stringify({ ...manifest(2), format: 2 }), 'format'],
    ['has another number', JSON.stringify(manifest(3)), 'it says that it is number 3'],
    [
      'belongs to another data set',
      JSON.stringify({ ...manifest(2), dataset: 'garage' }),
      'belongs to data set garage, not shop',
    ],
  ])('because it %s', async (_case, content, reason) => {
    write(content);
    const error = await logOf(store)
      .head()
      .catch((error: Error) => error);
    expect(error).toBeInstanceOf(TerminalError);
    expect(String(error)).toContain(key);
    expect(String(error)).toContain(reason);
  });

  test('because it is missing although a later one exists', async () => {
    rmSync(join(folder, 'shop/manifests/000000000/000000000001.json'));
    await expect(logOf(store).read(1)).rejects.toThrow(
      '000000000001.json: manifest 1 is missing although later ones exist',
    );
  });
});
