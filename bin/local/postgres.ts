/** A real PostgreSQL server from npm, for a laptop and for tests: nothing to install, gone with the process that started it. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TerminalError } from '../../lambdas/shared/errors.ts';
import { connect, identifier } from '../../lambdas/shared/postgres.ts';
import { ENVIRONMENT, findBinaries } from './postgres-binaries.ts';
import { dataOf, foldersOf, openHome } from './postgres-home.ts';
import { stopServer } from './postgres-lock.ts';
import { type Launch, launchServer } from './postgres-server.ts';

export interface LocalPostgresOptions {
  /** A directory for this server alone; made if missing. Its databases are kept from one start to the next. */
  readonly directory: string;
  /** @default - a free one, chosen by the operating system */
  readonly port?: number;
  /** Whether a commit outlives a crash of the machine; a server that need not is several times faster. @default true */
  readonly durable?: boolean;
}

/** A running server that listens on 127.0.0.1 only and asks for its password, which is random and part of the URL. */
export interface LocalPostgres {
  /** The superuser's address of a database. */
  url(database: string): string;
  /** Creates an empty database, in place of one of the same name and its connections. @returns its URL. */
  createDatabase(name: string): Promise<string>;
  /** Stops the server; open transactions are rolled back. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts the server of a directory, in place of one that still runs there. It stops with this process, however that ends.
 * @throws {TerminalError} when it cannot run here; {@link RetryableError} when it is not up within a minute.
 */
export async function startPostgres({ directory, port, durable = true }: LocalPostgresOptions): Promise<LocalPostgres> {
  const home = openHome(directory);
  await stopServer(dataOf(home.folder));
  const binaries = findBinaries(home);
  if (!existsSync(dataOf(home.folder))) createCluster({ home, binaries, durable });
  const server = await launchServer({ home, binaries, durable }, port);
  const password = readFileSync(passwordFileOf(home.folder), 'utf8');
  const url = (database: string) =>
    `postgres://postgres:${password}@127.0.0.1:${server.port}/${encodeURIComponent(database)}`;

  return {
    url,
    async createDatabase(name) {
      const session = await connect({ url: url('postgres'), role: 'local' });
      try {
        await session.query(`drop database if exists ${identifier(name)} with (force)`);
        await session.query(`create database ${identifier(name)}`);
      } finally {
        await session.end();
      }
      return url(name);
    },
    stop: () => server.stop(),
  };
}

/** Stops the server of a directory if one runs there, and removes all its files. */
export async function removePostgres(directory: string): Promise<void> {
  for (const folder of foldersOf(directory)) {
    await stopServer(dataOf(folder));
    rmSync(folder, { recursive: true });
  }
}

function passwordFileOf(folder: string): string {
  return join(folder, 'password');
}

function createCluster({ home: { folder, account }, binaries, durable }: Launch): void {
  const unfinished = join(folder, 'data.new'); // renamed when complete, so that a killed run leaves no half cluster
  const passwordFile = passwordFileOf(folder);
  rmSync(unfinished, { recursive: true, force: true });
  writeFileSync(passwordFile, randomBytes(18).toString('base64url'), { mode: 0o600 });
  if (account.uid !== undefined && account.gid !== undefined) chownSync(passwordFile, account.uid, account.gid);
  const options = ['--username=postgres', '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C'];
  const { status, error, stderr } = spawnSync(
    join(binaries, 'initdb'),
    [...options, `--pwfile=${passwordFile}`, ...(durable ? [] : ['--no-sync']), '-D', unfinished],
    { ...account, cwd: '/', env: ENVIRONMENT, encoding: 'utf8' },
  );
  if (status !== 0) throw new TerminalError(`cannot create a PostgreSQL in ${folder}: ${error?.message ?? stderr}`);
  renameSync(unfinished, dataOf(folder));
}
