import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from '@jest/globals';
import { openFolderStore } from '../../lambdas/shared/folder-store.ts';
import { describeObjectStoreContract } from './object-store-contract.ts';

const folders: string[] = [];

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-folder-store-'));
  folders.push(folder);
  return folder;
}

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});

describeObjectStoreContract('a folder', async () => openFolderStore(join(await newFolder(), 'lake')));

const moduleUrl = new URL('../../lambdas/shared/folder-store.ts', import.meta.url).href;

/** A program that writes 1 MiB into a folder, or says why it could not. */
const writer = (folder: string, before = '') => `
  import { Readable } from 'node:stream';
  import { openFolderStore } from ${JSON.stringify(moduleUrl)};
  ${before}
  try {
    await openFolderStore(${JSON.stringify(folder)}).put('a/b', Readable.from([Buffer.alloc(1024 * 1024)]));
    console.log('stored');
  } catch (error) {
    console.log(error.name + ': ' + error.message);
  }`;

/** A program that writes objects of 4 MiB, by both ways, until it is killed. */
const endlessWriter = (folder: string, run: number) => `
  import { Readable } from 'node:stream';
  import { openFolderStore } from ${JSON.stringify(moduleUrl)};
  const store = openFolderStore(${JSON.stringify(folder)});
  console.log('open');
  for (let n = 0; ; n += 1) {
    const body = Buffer.alloc(4 * 1024 * 1024, 'x');
    await store.put('put/shared', Readable.from([body]));
    await store.putIfAbsent('once/${run}-' + n, String(body));
  }`;

describe('a folder store', () => {
  test('shows no partial object after its writer is killed at any moment', async () => {
    const folder = await newFolder();
    for (let run = 0; run < 20; run += 1) {
      const child = spawn(process.execPath, ['--input-type=module', '--eval', endlessWriter(folder, run)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const opened = once(child.stdout, 'data').then(() => 'opened');
      expect(await Promise.race([opened, once(child, 'exit').then(() => 'ended')])).toBe('opened');
      await sleep(run * 7);
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    const store = openFolderStore(folder);
    const keys = (await store.list('once')).map((name) => `once/${name}`).concat('put/shared');
    const sizes = await Promise.all(keys.map(async (key) => (await buffer(await store.get(key))).length));
    expect(new Set(sizes)).toEqual(new Set([4 * 1024 * 1024]));
    expect(await store.list('')).toEqual(['once/', 'put/']);
    // Some writes ended and some were hit, or this test would show nothing.
    expect(keys.length).toBeGreaterThan(2);
    expect(await readdir(join(folder, '.incomplete'))).not.toEqual([]);
  }, 60_000);

  test('sweeps what a killed run left more than a day ago, and leaves what may still be written', async () => {
    const folder = await newFolder();
    await openFolderStore(folder).putIfAbsent('key', 'body');
    const [old, young] = [join(folder, '.incomplete', 'old'), join(folder, '.incomplete', 'young')];
    await writeFile(old, '');
    await writeFile(young, '');
    const now = Date.now() / 1000;
    await utimes(old, now, now - 24 * 60 * 60 - 60);
    await utimes(young, now, now - 24 * 60 * 60 + 60);
    const store = openFolderStore(folder);
    expect(await readdir(join(folder, '.incomplete'))).toEqual(['young']);
    expect(await store.list('')).toEqual(['key']);
  });

  test('leaves no temporary file, whether a write succeeds, loses or fails', async () => {
    const folder = await newFolder();
    const store = openFolderStore(folder);
    const failing = Readable.from(
      (async function* () {
        yield 'some';
        throw new Error('the source is gone');
      })(),
    );
    await store.put('a', Readable.from(['body']));
    await store.putIfAbsent('b', 'body');
    await store.putIfAbsent('b', 'body');
    await expect(store.put('c', failing)).rejects.toThrow('the source is gone');
    await expect(store.put('a/d', Readable.from(['body']))).rejects.toThrow('a file is in the place of a folder');
    expect(await readdir(join(folder, '.incomplete'))).toEqual([]);
  });

  test('survives a source that fails before the first byte is asked for', async () => {
    const source = new Readable({ read() {} });
    const put = openFolderStore(await newFolder()).put('key', source);
    source.destroy(new Error('the source is gone'));
    await expect(put).rejects.toThrow('the source is gone');
  });

  test('hides folders that a killed run left without an object', async () => {
    const folder = await newFolder();
    const store = openFolderStore(folder);
    await store.putIfAbsent('manifests/000000000001/1.json', '{}');
    await mkdir(join(folder, 'manifests', '000000000002', 'deeper'), { recursive: true });
    expect(await store.list('manifests')).toEqual(['000000000001/']);
  });

  test('is empty, and creates nothing, while its folder does not exist', async () => {
    const folder = await newFolder();
    const store = openFolderStore(join(folder, 'lake'));
    expect(await store.list('')).toEqual([]);
    await expect(store.get('key')).rejects.toThrow(`read ${folder}/lake/key: there is no such object`);
    expect(await readdir(folder)).toEqual([]);
  });

  test('may itself be reached by a symbolic link', async () => {
    const folder = await newFolder();
    await mkdir(join(folder, 'real'));
    await symlink('real', join(folder, 'link'));
    await openFolderStore(join(folder, 'link')).putIfAbsent('a/b', 'body');
    expect(await readFile(join(folder, 'real', 'a', 'b'), 'utf8')).toBe('body');
  });

  test('refuses symbolic links inside, which could lead out of it', async () => {
    const [folder, outside] = [await newFolder(), await newFolder()];
    await writeFile(join(outside, 'secret'), 'secret');
    await symlink(outside, join(folder, 'out'));
    await symlink(join(outside, 'secret'), join(folder, 'file'));
    const store = openFolderStore(folder);
    const refusal = (key: string, link: string) => ({
      name: 'TerminalError',
      message: `${folder}/${key}: ${folder}/${link} is a symbolic link; put the folder or file itself in its place`,
    });
    await expect(store.get('out/secret')).rejects.toMatchObject(refusal('out/secret', 'out'));
    await expect(store.get('file')).rejects.toMatchObject(refusal('file', 'file'));
    await expect(store.put('out/new', Readable.from(['']))).rejects.toMatchObject(refusal('out/new', 'out'));
    await expect(store.putIfAbsent('out/deep/new', '')).rejects.toMatchObject(refusal('out/deep/new', 'out'));
    await expect(store.list('out')).rejects.toMatchObject(refusal('out/', 'out'));
    expect([await store.list(''), await readdir(outside)]).toEqual([[], ['secret']]);
  });

  test('refuses a file where a folder belongs, and the reverse', async () => {
    const folder = await newFolder();
    const store = openFolderStore(folder);
    await store.putIfAbsent('a', 'file');
    await store.putIfAbsent('b/c', 'file');
    const refusal = (key: string, code: string) => ({
      name: 'TerminalError',
      message: `write ${folder}/${key}: a file is in the place of a folder, or a folder in that of a file (${code}); move it and run again`,
    });
    await expect(store.put('a/x', Readable.from(['']))).rejects.toMatchObject(refusal('a/x', 'EEXIST'));
    await expect(store.put('a/x/y', Readable.from(['']))).rejects.toMatchObject(refusal('a/x/y', 'ENOTDIR'));
    await expect(store.put('b', Readable.from(['']))).rejects.toMatchObject(refusal('b', 'EISDIR'));
    await expect(store.putIfAbsent('b', '')).rejects.toMatchObject(refusal('b', 'EISDIR'));
    for (const path of [join(folder, 'a'), join(folder, 'a', 'deeper')]) {
      expect(() => openFolderStore(path)).toThrow(`open ${path}: a file is in the place of a folder`);
    }
  });

  test('says that a folder is not writable', async () => {
    const folder = await newFolder();
    await chmod(folder, 0o555);
    // Root may write anywhere, so the writer becomes nobody, once it has read its program from wherever root keeps it.
    const become = process.getuid?.() === 0 ? 'process.setgid(65534); process.setuid(65534);' : '';
    const program = ['--input-type=module', '--eval', writer(folder, become)];
    const said = execFileSync(process.execPath, program, { encoding: 'utf8' });
    expect(said).toBe(
      `TerminalError: write ${folder}/a/b: not permitted (EACCES); let this user do so and run again\n`,
    );
  });

  // A file system of one's own needs a mount namespace, which some containers forbid.
  const inTinyFileSystem = ['--map-root-user', '--mount', 'sh', '-c'];
  const canMount =
    spawnSync('unshare', [...inTinyFileSystem, 'mount -t tmpfs -o size=64k tmpfs "$0"', tmpdir()]).status === 0;
  (canMount ? test : test.skip)(
    canMount
      ? 'says that the disk is full, and leaves nothing on it'
      : 'says that the disk is full: skipped, this user may not mount a small file system',
    async () => {
      const folder = await newFolder();
      const script = `mount -t tmpfs -o size=512k tmpfs "$0" && "$1" --input-type=module --eval "$2"; find "$0" -type f`;
      const said = execFileSync('unshare', [...inTinyFileSystem, script, folder, process.execPath, writer(folder)], {
        encoding: 'utf8',
      });
      expect(said).toBe(
        `RetryableError: write ${folder}/a/b: disk full (ENOSPC); nothing was committed, free some space and run again\n`,
      );
      expect(readdirSync(folder)).toEqual([]);
    },
  );
});
