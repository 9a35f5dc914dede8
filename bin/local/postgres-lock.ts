/** PostgreSQL's own lock file, `postmaster.pid`: which process serves a data directory, and how to stop one that somebody left running. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RetryableError } from '../../lambdas/shared/errors.ts';

export interface Lock {
  readonly pid: number;
  /** Whether the server takes connections. */
  readonly ready: boolean;
}

/** Reads the lock of a data directory, if there is one: line 1 is the process, line 8 its state (src/include/utils/pidfile.h). */
export function readLock(data: string): Lock | undefined {
  const lines = contentOf(lockFileOf(data)).split('\n');
  if (lines.length === 1) return undefined;
  return { pid: Number(lines[0]), ready: lines[7]?.trim() === 'ready' };
}

/** Stops the server of a data directory, if one runs, and clears a lock that would keep the next one from starting. */
export async function stopServer(data: string): Promise<void> {
  const lock = readLock(data);
  if (lock === undefined) return;
  // the number may by now belong to any process: only one that was started on this directory is ours to stop
  if (!commandLine(lock.pid).includes(data)) return rmSync(lockFileOf(data), { force: true });
  process.kill(lock.pid, 'SIGINT');
  const deadline = Date.now() + 30_000;
  while (readLock(data)?.pid === lock.pid && commandLine(lock.pid) !== '') {
    if (Date.now() > deadline)
      throw new RetryableError(`the PostgreSQL of ${data}, process ${lock.pid}, does not stop; kill it`);
    await sleep(20);
  }
}

function lockFileOf(data: string): string {
  return join(data, 'postmaster.pid');
}

/** The command line of a process; empty if it has ended. */
function commandLine(pid: number): string {
  if (existsSync('/proc/self/cmdline')) return contentOf(`/proc/${pid}/cmdline`);
  return spawnSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).stdout;
}

/** The text of a file that may go at any moment; empty if it is gone. */
function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return '';
    throw error;
  }
}
