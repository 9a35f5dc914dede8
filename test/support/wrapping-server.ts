/** A PostgreSQL whose next transaction ids stand just before the end of the 32-bit circle. */
import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENVIRONMENT } from '../../bin/local/postgres-binaries.ts';
import { dataOf, type Home } from '../../bin/local/postgres-home.ts';
import { launchServer } from '../../bin/local/postgres-server.ts';
import { connect } from '../../lambdas/shared/postgres.ts';

const INSTALLED = '/usr/lib/postgresql';
const XIDS_PER_SEGMENT = 2 ** 20;
const SEGMENT_BYTES = XIDS_PER_SEGMENT / 4; // two bits a transaction

/** The folder of a PostgreSQL (14 or newer) with `pg_resetwal`, which the npm package does not have; undefined if there is none. */
export function findResetwal(): string | undefined {
  const versions = existsSync(INSTALLED) ? readdirSync(INSTALLED).filter((name) => Number(name) >= 14) : [];
  return versions.map((name) => join(INSTALLED, name, 'bin')).find((folder) => existsSync(join(folder, 'pg_resetwal')));
}

export interface WrappingServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a new cluster in an empty home; its next transaction id is `nextXid`. */
export async function startWrappingServer(home: Home, binaries: string, nextXid: number): Promise<WrappingServer> {
  const data = dataOf(home.folder);
  run(
    home,
    join(binaries, 'initdb'),
    '--username=postgres',
    '--auth=trust',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
    '-D',
    data,
  );
  const young = await launchServer({ home, binaries, durable: false });
  for (const database of ['template1', 'postgres']) await freeze(young.port, database);
  await young.stop();

  const segment = join(
    data,
    'pg_xact',
    Math.floor(nextXid / XIDS_PER_SEGMENT)
      .toString(16)
      .toUpperCase()
      .padStart(4, '0'),
  );
  writeFileSync(segment, Buffer.alloc(SEGMENT_BYTES));
  if (home.account.uid !== undefined && home.account.gid !== undefined)
    chownSync(segment, home.account.uid, home.account.gid);
  run(home, join(binaries, 'pg_resetwal'), '-e', '0', '-u', String(nextXid - 1000), '-x', String(nextXid), '-D', data);
  const server = await launchServer({ home, binaries, durable: false });
  return { url: urlOf(server.port, 'postgres'), stop: () => server.stop() };
}

/** Rows written before the jump would seem to come from the future. */
async function freeze(port: number, database: string): Promise<void> {
  const session = await connect({ url: urlOf(port, database), role: 'test' });
  await session.query('vacuum (freeze)').finally(() => session.end());
}

function urlOf(port: number, database: string): string {
  return `postgres://postgres@127.0.0.1:${port}/${database}`;
}

function run({ account }: Home, program: string, ...args: readonly string[]): void {
  const { status, error, stderr } = spawnSync(program, args, {
    ...account,
    cwd: '/',
    env: ENVIRONMENT,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${program}: ${error?.message ?? stderr}`);
}
