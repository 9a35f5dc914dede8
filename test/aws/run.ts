/** `make test-aws`: what can be tried of AWS without an account, against an emulator. Ends with what it measured and one line: N passed, N failed. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { startEmulator } from './emulator.ts';
import { preparePython } from './python-environment.ts';
import { clearReport, FOLDER, readReport } from './report.ts';

const ROOT = join(import.meta.dirname, '..', '..');

clearReport();
process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  return 1;
});

async function main(): Promise<number> {
  const python = preparePython(join(FOLDER, 'venv'));
  // plain HTTP for the contract of the object store: its tests put a proxy in between
  const s3 = await startEmulator({ python, folder: join(FOLDER, 's3'), strict: false });
  const cloud = await startEmulator({ python, folder: join(FOLDER, 'cloud'), strict: true });
  try {
    const jest = [
      '--disable-warning=ExperimentalWarning',
      '--experimental-vm-modules',
      'node_modules/jest/bin/jest.js',
    ];
    const { status } = spawnSync(
      process.execPath,
      [...jest, '--config', 'test/aws/jest.config.mjs', '--runInBand', ...process.argv.slice(2)],
      { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...cloud.environment, WEIR_TEST_S3_ENDPOINT: s3.url } },
    );
    process.stdout.write(readReport());
    return status ?? 1;
  } finally {
    await cloud.stop();
    await s3.stop();
  }
}
