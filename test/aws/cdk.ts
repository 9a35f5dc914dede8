/** The CDK's command line, and where this run keeps the assembly. */
import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { FOLDER } from './report.ts';

export const ASSEMBLY = join(FOLDER, 'cdk.out');

const ROOT = join(import.meta.dirname, '..', '..');
const MODULES = join(ROOT, 'node_modules');
const PATIENCE_SECONDS = 180;
/** Variables that are of the emulator: npm, which builds the layer, would trust no other server with them. */
const OF_EMULATOR = ['AWS_ENDPOINT_URL', 'NODE_EXTRA_CA_CERTS', 'AWS_CA_BUNDLE'];

/** Runs `cdk`. @returns what it printed. @throws {Error} with that, when it fails */
export function cdk(args: readonly string[], { emulator = false } = {}): string {
  const PATH = [join(MODULES, '.bin'), process.env.PATH].join(delimiter);
  const env: NodeJS.ProcessEnv = { ...process.env, PATH, CDK_HOME: FOLDER, NO_COLOR: '1' };
  if (!emulator) for (const name of OF_EMULATOR) delete env[name];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(MODULES, 'aws-cdk', 'bin', 'cdk'), '--no-notices', ...args],
    {
      cwd: ROOT,
      env,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      timeout: PATIENCE_SECONDS * 1000,
    },
  );
  if (status !== 0) throw new Error(`cdk ${args.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout + stderr;
}
