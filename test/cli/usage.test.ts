import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NOWHERE } from './parcels.ts';
import { type CommandOptions, weir } from './weir.ts';

const both = ['--source', NOWHERE, '--warehouse', NOWHERE];
let cwd: string;

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'weir cli '));
});

afterAll(() => rmSync(cwd, { recursive: true }));

/** Where nothing is and nothing may come to be. */
const anywhere = (args: readonly string[], options?: CommandOptions) => weir(args, { cwd, ...options });

test('without arguments it shows its help and has been misused', async () => {
  const { code, stdout, stderr } = await anywhere([]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^Usage: weir \[options\] \[command\]/);
});

test.each([
  'run',
  'watch',
  'status',
  'verify',
  'quarantine list',
  'quarantine show',
  'quarantine retry',
  'rebuild',
  'report',
  'demo',
])('weir %s --help has an example, and the option --json', async (command) => {
  const { code, stdout, stderr } = await anywhere([...command.split(' '), '--help']);
  expect(stdout).toContain('--json ');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(
    new RegExp(`^Usage: weir ${command} \\[options\\]\n.*\nExample:\n.*  npx weir ${command}`, 's'),
  );
});

test('--version is that of the package', async () => {
  expect(await anywhere(['--version'])).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    stderr: '',
  });
});

test('an unknown command is refused with those that exist', async () => {
  const { code, stdout, stderr } = await anywhere(['rum']);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^weir: unknown command 'rum'\n.*\n {2}run .*\n {2}watch .*\n {2}status .*\n {2}demo /s);
});

test('an unknown option is refused with those that exist, and the password in it is not shown', async () => {
  const { code, stdout, stderr } = await anywhere(['run', `--sorce=${NOWHERE}`]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(
    /^weir: unknown option '--sorce=postgres:\/\/somebody:\*\*\*@127\.0\.0\.1:1\/nowhere'\n.*--source <url>.*--lake <address>/s,
  );
  expect(stderr).not.toContain('unseen-secret');
});

test.each([
  [['run', ...both, '--dataset', 'nix'], /^weir: there is no data set "nix"; valid: .*totesys.*, or the path of/],
  [['run', ...both, '--dataset', './nix'], /^weir: .*nix\/dataset\.yaml: ENOENT/],
  [['run'], /^weir: no source: give --source, or set WEIR_SOURCE_URL\n$/],
  [['run', '--source', NOWHERE], /^weir: no warehouse: give --warehouse, or set WEIR_WAREHOUSE_URL\n$/],
  [['run', ...both, '--source', 'no url'], /^weir: the source address is not a URL; write postgres:/],
  [['run', ...both, '--warehouse', 'mysql://a:unseen-secret@b/c'], /^weir: the warehouse address mysql:\/\/a@b\/c is/],
  [['run', ...both, '--lake', 's3://only-one'], /^weir: lake "s3:\/\/only-one": not an address; give a folder, or s3:/],
  [['run', ...both, 'now'], /^weir: too many arguments for 'run'/],
  [['watch', ...both, '--every', '0'], /^weir: option '--every <seconds>' argument '0' is invalid/],
  [['demo', '--days', 'many'], /^weir: option '--days <number>' argument 'many' is invalid/],
  [['demo', '--until', '2024-02-30'], /^weir: 2024-02-30 is no date; write yyyy-mm-dd/],
])('misused: weir %j', async (args, message) => {
  const { code, stdout, stderr } = await anywhere(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(message);
  expect(stderr).not.toContain('unseen-secret');
});
