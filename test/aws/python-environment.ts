/** The Python environment of the emulator: made once in `.weir/aws/venv`, and anew when its requirements change. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
const NEEDED = 'needs Python 3.10 or newer with venv and pip (Debian: apt-get install python3-venv), and openssl';

/** @returns the path of its interpreter. @throws {Error} saying what to install, where there is no Python */
export function preparePython(folder: string): string {
  const python = join(folder, 'bin', 'python');
  const installed = join(folder, 'requirements.txt');
  if (existsSync(installed) && readFileSync(installed).equals(readFileSync(REQUIREMENTS))) return python;
  rmSync(folder, { recursive: true, force: true });
  run('openssl', ['version']);
  run('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 10))']);
  run('python3', ['-m', 'venv', folder]);
  run(python, ['-m', 'pip', 'install', '--quiet', '--no-deps', '--requirement', REQUIREMENTS]);
  copyFileSync(REQUIREMENTS, installed); // last: an interrupted installation is not taken for a whole one
  return python;
}

function run(command: string, args: readonly string[]): void {
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return;
  throw new Error(`make test-aws ${NEEDED}; ${command} ${args.join(' ')} failed: ${error?.message ?? stderr}`);
}
