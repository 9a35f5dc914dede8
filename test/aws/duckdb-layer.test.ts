import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const LAYER = join(ROOT, 'layers', 'duckdb');
const read = (folder: string, file: string) => JSON.parse(readFileSync(join(folder, file), 'utf8'));

test('the layer holds the very release of DuckDB that the tests run with, and nothing else', () => {
  const { dependencies } = read(LAYER, 'package.json');
  expect(dependencies).toEqual({ '@duckdb/node-api': read(ROOT, 'package.json').dependencies['@duckdb/node-api'] });
});

test('the lock of the layer lists what the lock of the project lists, for every platform', () => {
  const packagesOf = (folder: string) =>
    Object.fromEntries(
      Object.entries<{ version: string; integrity: string }>(read(folder, 'package-lock.json').packages)
        .filter(([path]) => path.startsWith('node_modules/@duckdb/') || path === 'node_modules/detect-libc')
        .map(([path, { version, integrity }]) => [path, { version, integrity }]),
    );
  const layer = packagesOf(LAYER);
  expect(layer).toEqual(packagesOf(ROOT));
  expect(Object.keys(layer)).toEqual(
    expect.arrayContaining([
      'node_modules/@duckdb/node-bindings-linux-arm64',
      'node_modules/@duckdb/node-bindings-linux-x64',
    ]),
  );
});

test('the lock of the layer names no registry', () => {
  expect(readFileSync(join(LAYER, 'package-lock.json'), 'utf8')).not.toMatch(/"resolved"|https?:\/\//);
});
