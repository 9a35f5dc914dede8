/** One PostgreSQL for the whole test run, in a directory of its own: runs side by side do not meet. */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalPostgres, removePostgres, startPostgres } from '../../bin/local/postgres.ts';
import { SERVER_URL } from './database.ts';

const PREFIX = 'weir-test-';
let directory: string;
let server: LocalPostgres;

// biome-ignore lint/style/noDefaultExport: Jest asks for one
export default async function setup(): Promise<void> {
  await removeInterruptedRuns();
  directory = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  server = await startPostgres({ directory, durable: false });
  process.env[SERVER_URL] = server.url('postgres');
}

export async function teardown(): Promise<void> {
  await server.stop();
  await removePostgres(directory);
}

/** A run that was interrupted could not remove its directory; the name tells whose it was. */
async function removeInterruptedRuns(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    const path = join(tmpdir(), name);
    if (owner === undefined || isRunning(Number(owner))) continue;
    const uid = process.getuid?.();
    if (uid === 0 || uid === (await stat(path)).uid) await rm(path, { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
