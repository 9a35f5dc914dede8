/** What every object store keeps, whichever bucket is behind it. */
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { ObjectNotFoundError, type ObjectStore } from '../../lambdas/shared/object-store.ts';

const MIB = 1024 * 1024;

/** Registers the contract as tests; `open` gives a new empty bucket each time. */
export function describeObjectStoreContract(name: string, open: () => Promise<ObjectStore>): void {
  describe(`${name} keeps the contract of an object store:`, () => {
    let store: ObjectStore;

    beforeEach(async () => {
      store = await open();
    });

    const write = (key: string, body: string) => store.put(key, Readable.from([body]));
    const read = async (key: string) => text(await store.get(key));

    test('an object reads back as it was written, byte for byte', async () => {
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
      await store.put('folder/every-byte', Readable.from([bytes]));
      expect(await buffer(await store.get('folder/every-byte'))).toEqual(bytes);
    });

    test('an object may be empty, from a stream and from text', async () => {
      await store.put('a', Readable.from([]));
      expect(await store.putIfAbsent('b', '')).toBe(true);
      expect([await read('a'), await read('b'), await store.list('')]).toEqual(['', '', ['a', 'b']]);
    });

    test('a stream of 20 MiB in uneven chunks reads back with the same sha256', async () => {
      const written = createHash('sha256');
      await store.put('large', Readable.from(chunks(20 * MIB, written)));
      const bytes = await buffer(await store.get('large'));
      expect({ length: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }).toEqual({
        length: 20 * MIB,
        sha256: written.digest('hex'),
      });
    });

    test.each([
      ['at once', 0],
      ['midway', 20 * MIB],
    ])(
      'a source that fails %s leaves no object, and the store throws the error of the source',
      async (_when, bytes) => {
        const failure = new Error('the source is gone');
        const source = Readable.from(
          (async function* () {
            yield* chunks(bytes);
            throw failure;
          })(),
        );
        await expect(store.put('folder/broken', source)).rejects.toBe(failure);
        await expect(store.get('folder/broken')).rejects.toBeInstanceOf(ObjectNotFoundError);
        expect([await store.list(''), await store.list('folder')]).toEqual([[], []]);
      },
    );

    test('a source that is closed before its end leaves no object', async () => {
      const source = new Readable({ read() {} });
      source.push(randomBytes(9 * MIB));
      const put = store.put('closed', source);
      setTimeout(() => source.destroy(), 50);
      await expect(put).rejects.toMatchObject({ name: 'RetryableError' });
      expect(await store.list('')).toEqual([]);
    });

    test('a source that fails leaves the object that was there before', async () => {
      await write('key', 'before');
      const source = Readable.from(
        (async function* () {
          yield 'after';
          await turn();
          throw new Error('the source is gone');
        })(),
      );
      await expect(store.put('key', source)).rejects.toThrow('the source is gone');
      expect(await read('key')).toBe('before');
    });

    test('put replaces an object whole, also by a shorter one', async () => {
      await write('key', 'a long first body');
      await write('key', 'short');
      expect(await read('key')).toBe('short');
    });

    test('putIfAbsent writes a key once and leaves the first body', async () => {
      expect(await store.putIfAbsent('folder/key', 'first')).toBe(true);
      expect(await store.putIfAbsent('folder/key', 'second')).toBe(false);
      expect(await read('folder/key')).toBe('first');
    });

    test('putIfAbsent leaves an object that put wrote', async () => {
      await write('key', 'first');
      expect(await store.putIfAbsent('key', 'second')).toBe(false);
      expect(await read('key')).toBe('first');
    });

    test('of 20 writers of one key exactly one wins, and its body is read', async () => {
      for (let round = 0; round < 5; round += 1) {
        const key = `manifests/${round}.json`;
        const bodies = Array.from({ length: 20 }, (_, writer) => `writer ${writer}`);
        const wins = await Promise.all(bodies.map((body) => store.putIfAbsent(key, body)));
        expect(bodies.filter((_, writer) => wins[writer])).toEqual([await read(key)]);
      }
    });

    test('a key may hold spaces, +, =, %, & and any script', async () => {
      const names = ['a b', 'a%20b', 'a&b<c>"d\'', 'a+b', 'batch_date=2026-11-21', 'été', '數據', '🌊'];
      for (const name of names) await write(`odd ${name}/${name}.csv`, name);
      expect(await Promise.all(names.map((name) => read(`odd ${name}/${name}.csv`)))).toEqual(names);
      expect(await store.list('')).toEqual(names.map((name) => `odd ${name}/`));
      expect(await store.list('odd a+b')).toEqual(['a+b.csv']);
    });

    test('a folder lists its direct children by code point, folders with a slash', async () => {
      for (const key of ['f/b', 'f/a/deep/er', 'f/a/x', 'f/a.csv', 'f/B', 'f/\u{ff5e}', 'f/\u{1f30a}', 'g/c', 'top']) {
        await write(key, key);
      }
      expect(await store.list('f')).toEqual(['B', 'a.csv', 'a/', 'b', '\u{ff5e}', '\u{1f30a}']);
      expect(await store.list('f/')).toEqual(await store.list('f'));
      expect(await store.list('f/a')).toEqual(['deep/', 'x']);
      expect(await store.list('')).toEqual(['f/', 'g/', 'top']);
    });

    test('a folder that holds nothing lists nothing', async () => {
      await write('other/key', '');
      expect([await store.list('folder'), await store.list('other/key'), await store.list('oth')]).toEqual([
        [],
        [],
        [],
      ]);
    });

    test('a folder whose name begins like another one is not mixed with it', async () => {
      for (const key of ['a/1', 'ab/2', 'ab.csv', 'a-b/3']) await write(key, key);
      expect(await store.list('a')).toEqual(['1']);
      expect(await store.list('')).toEqual(['a-b/', 'a/', 'ab.csv', 'ab/']);
    });

    test('a folder lists more than 1,000 objects and folders', async () => {
      const names = Array.from(
        { length: 1_050 },
        (_, index) => `${String(index).padStart(4, '0')}${index % 2 ? '/' : ''}`,
      );
      const keys = names.map((name) => (name.endsWith('/') ? `many/${name}key` : `many/${name}`));
      for (let from = 0; from < keys.length; from += 50) {
        await Promise.all(keys.slice(from, from + 50).map((key) => write(key, key)));
      }
      expect(await store.list('many')).toEqual(names);
    }, 60_000);

    test('reading a key that does not exist, or is a folder, is refused at once and names the key', async () => {
      await write('folder/key', '');
      for (const key of ['missing', 'folder', 'folder/key/below', 'no/such/folder/key']) {
        const error = await store.get(key).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(ObjectNotFoundError);
        expect(error).toMatchObject({ message: `read ${store.url}/${key}: there is no such object` });
      }
    });

    test('an object is replaced while it is read: the reader gets the first or the second, never a mixture', async () => {
      const [first, second] = [Buffer.alloc(2 * MIB, 1), Buffer.alloc(2 * MIB, 2)];
      await store.put('key', Readable.from([first]));
      const reader = await store.get('key');
      await store.put('key', Readable.from([second]));
      const seen = await buffer(reader);
      expect(seen.equals(first) || seen.equals(second)).toBe(true);
      expect((await buffer(await store.get('key'))).equals(second)).toBe(true);
    });

    test.each([
      ['has an empty segment', ['', '/a', 'a//b', 'a/']],
      ['has a segment . or ..', ['../a', 'a/./b', 'a/../../b']],
      ['has a backslash or a control character', ['a\\b', 'a\0b', 'a\nb', 'a\u007fb']],
      ['is not well-formed Unicode', ['a\ud800b']],
      ['is in the reserved folder .incomplete', ['.incomplete', '.incomplete/a', '.INCOMPLETE/a']],
      ['has a segment longer than 255 bytes', [`a/${'é'.repeat(128)}`]],
      ['is longer than 1024 bytes', [Array(9).fill('x'.repeat(120)).join('/')]],
    ])('a key that %s is refused', async (fact, keys) => {
      for (const key of keys) {
        const refusal = {
          name: 'TerminalError',
          message: `${store.url}: key ${JSON.stringify(key)} ${fact}; nothing was read or written`,
        };
        const source = Readable.from(['body']);
        await expect(store.put(key, source)).rejects.toMatchObject(refusal);
        await expect(store.putIfAbsent(key, 'body')).rejects.toMatchObject(refusal);
        await expect(store.get(key)).rejects.toMatchObject(refusal);
        // A folder may be named with its slash, and the root is ''.
        if (key !== '' && key !== 'a/') await expect(store.list(key)).rejects.toMatchObject(refusal);
        expect([source.destroyed, await store.list('')]).toEqual([true, []]);
      }
    });
  });
}

/** Random bytes in chunks whose size divides no part size. */
function* chunks(bytes: number, hash = createHash('sha256')): Generator<Buffer> {
  for (let left = bytes; left > 0; ) {
    const chunk = randomBytes(Math.min(left, 77_777));
    hash.update(chunk);
    left -= chunk.length;
    yield chunk;
  }
}
