/** The server process: brought up on a port of the loopback address, and tied to ours. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer, Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RetryableError, TerminalError } from '../../lambdas/shared/errors.ts';
import { ENVIRONMENT } from './postgres-binaries.ts';
import { dataOf, type Home } from './postgres-home.ts';
import { readLock } from './postgres-lock.ts';

export interface Launch {
  readonly home: Home;
  /** The folder of `initdb` and `postgres`. */
  readonly binaries: string;
  readonly durable: boolean;
}

export interface Server {
  readonly port: number;
  /** Safe to call twice. */
  stop(): Promise<void>;
}

/** Starts the server of a cluster that exists, on the given port or else on a free one, and waits until it takes connections. */
export async function launchServer(launch: Launch, port?: number): Promise<Server> {
  const { folder } = launch.home;
  for (let attempt = 1; ; attempt += 1) {
    const candidate = port ?? (await freePort());
    const child = await spawnServer(launch, candidate);
    if (await isUp(child, dataOf(folder))) return { port: candidate, stop: () => stopChild(child) };

    const log = readFileSync(logOf(folder), 'utf8').trim().split('\n').slice(-20).join('\n');
    const taken = log.includes('could not create any TCP/IP sockets');
    if (taken && port !== undefined) throw new TerminalError(`port ${port} is taken; choose another, or none`);
    if (taken && attempt < 5) continue; // somebody else was given the port between our asking and our using it
    if (hasEnded(child))
      throw new TerminalError(`the PostgreSQL of ${folder} does not start; the end of its log:\n${log}`);
    await stopChild(child);
    throw new RetryableError(`the PostgreSQL of ${folder} was not up after a minute; the end of its log:\n${log}`);
  }
}

/** A port that is free now on the loopback address. */
async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  listener.close();
  await once(listener, 'close');
  if (address === null || typeof address === 'string') throw new TerminalError('no TCP on the loopback address');
  return address.port;
}

/** Becomes PostgreSQL, and leaves a reader behind that stops it when descriptor 3 ends: when our process is gone, killed or not. */
const TETHERED = '( (read -r _ <&3; kill -INT $$) >/dev/null 2>&1 & ); exec "$0" "$@" 3<&-';

async function spawnServer(
  { home: { folder, account }, binaries, durable }: Launch,
  port: number,
): Promise<ChildProcess> {
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'timezone=UTC',
    'max_connections=100',
    'max_prepared_transactions=10',
    'shared_buffers=128MB',
    'max_wal_size=4GB',
    ...(durable ? [] : ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']),
  ];
  const command = [join(binaries, 'postgres'), '-D', dataOf(folder), ...settings.flatMap((setting) => ['-c', setting])];
  const log = openSync(logOf(folder), 'w');
  const child = spawn('/bin/sh', ['-c', TETHERED, ...command], {
    ...account,
    cwd: '/',
    env: ENVIRONMENT,
    detached: true, // Ctrl-C is for our process; the server follows when ours is done with it
    stdio: ['ignore', log, log, 'pipe'],
  });
  closeSync(log);
  await once(child, 'spawn');
  const tether = child.stdio[3];
  child.once('exit', () => tether?.destroy());
  if (tether instanceof Socket) tether.unref(); // a program that forgets to stop its server ends all the same
  child.unref();
  return child;
}

function logOf(folder: string): string {
  return join(folder, 'log');
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function isUp(child: ChildProcess, data: string): Promise<boolean> {
  const deadline = Date.now() + 60_000;
  while (!hasEnded(child) && Date.now() < deadline) {
    const lock = readLock(data);
    if (lock?.ready && lock.pid === child.pid) return true;
    await sleep(20);
  }
  return false;
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  child.ref();
  const exited = once(child, 'exit');
  child.kill('SIGINT');
  await exited;
}
