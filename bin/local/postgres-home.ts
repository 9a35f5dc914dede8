/** Where a local PostgreSQL keeps its files, and which account runs it: PostgreSQL refuses to run as root. */
import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { TerminalError } from '../../lambdas/shared/errors.ts';

/** The account of the server's processes, as `spawn` takes it; without a uid it is our own. */
export interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

/** A folder that the account owns and can reach. */
export interface Home {
  readonly folder: string;
  readonly account: Account;
}

const NOBODY = { uid: 65534, gid: 65534 };
const LINK = 'elsewhere';

/**
 * Makes `directory` the home of a server. As root the server runs as the owner of the directory, or as nobody; where that account cannot get
 * into the directory (a project under `/root`), the home is a temporary folder that the directory links to.
 */
export function openHome(directory: string): Home {
  mkdirSync(dirname(directory), { recursive: true });
  if (!existsSync(directory)) mkdirSync(directory, { mode: 0o700 });
  const folder = realpathSync(directory);
  if (process.getuid?.() !== 0) return { folder, account: {} };

  const { uid, gid } = statSync(folder);
  const account = uid === 0 ? NOBODY : { uid, gid };
  chownSync(folder, account.uid, account.gid);
  return { folder: canWrite(folder, account) ? folder : linkedHome(folder, account), account };
}

/** The data directory in a home. */
export function dataOf(folder: string): string {
  return join(folder, 'data');
}

/** The folders that `openHome` made for a directory. */
export function foldersOf(directory: string): readonly string[] {
  return [join(directory, LINK), directory]
    .filter((folder) => existsSync(folder))
    .map((folder) => realpathSync(folder));
}

function linkedHome(directory: string, account: Required<Account>): string {
  const link = join(directory, LINK);
  if (existsSync(link)) return realpathSync(link);
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'weir-postgres-')));
  chownSync(folder, account.uid, account.gid);
  if (!canWrite(folder, account))
    throw new TerminalError(
      `PostgreSQL cannot run as root, and uid ${account.uid} can write neither to ${directory} nor to ${folder}; ` +
        'set TMPDIR to a directory that every account may enter, or run as another user',
    );
  rmSync(link, { force: true }); // a link to a temporary folder that was cleaned away
  symlinkSync(folder, link);
  return folder;
}

function canWrite(folder: string, account: Account): boolean {
  return spawnSync('/bin/sh', ['-c', 'cd "$0" && test -w .', folder], { ...account, cwd: '/' }).status === 0;
}
