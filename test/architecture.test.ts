import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const files = globSync('{bin,lambdas,lib}/**/*.ts', { cwd: ROOT }).map((file) => file.replaceAll('\\', '/'));

/** Every file of the project with what it imports: files by their path from the root, packages by name. */
const imports = files.flatMap((file) =>
  [...readFileSync(join(ROOT, file), 'utf8').matchAll(/(?:^import|\bfrom|\bimport\() ?['"]([^'"]+)['"]/gm)].map(
    ([, target = '']) => ({
      file,
      target: target.startsWith('.') ? normalize(join(dirname(file), target)).replaceAll('\\', '/') : target,
    }),
  ),
);

const offences = (from: RegExp, to: RegExp) =>
  imports
    .filter(({ file, target }) => from.test(file) && to.test(target))
    .map(({ file, target }) => `${file} imports ${target}`);

test('the import lines are found', () => {
  expect(imports).toContainEqual({ file: 'lambdas/ingest/ingest.ts', target: 'lambdas/shared/manifest-log.ts' });
  expect(imports).toContainEqual({ file: 'lambdas/shared/postgres.ts', target: 'pg' });
  const unknown = imports.filter(({ target }) => /^(bin|lambdas|lib)\//.test(target) && !files.includes(target));
  expect(unknown).toEqual([]);
});

test('the stages know nothing of the command line, the cloud’s description or CDK', () => {
  expect(offences(/^lambdas\//, /^(bin|lib|test)\/|^aws-cdk|^constructs$/)).toEqual([]);
});

test('stages do not import each other: the manifest is the interface', () => {
  for (const stage of ['ingest', 'transform', 'load']) {
    expect(offences(new RegExp(`^lambdas/${stage}/`), new RegExp(`^lambdas/(?!${stage}/|shared/)`))).toEqual([]);
  }
});

test('what the stages share imports no stage', () => {
  expect(offences(/^lambdas\/shared\//, /^lambdas\/(?!shared\/)/)).toEqual([]);
});

test('outside things enter through their one adapter', () => {
  expect(offences(/^lambdas\/(?!shared\/postgres)/, /^pg(-|$)/)).toEqual([]);
  expect(offences(/^lambdas\/(?!shared\/s(3|ecret)-)/, /^@aws-sdk\//)).toEqual([]);
  expect(offences(/^lambdas\/(?!shared\/duckdb)/, /^@duckdb\//)).toEqual([]);
});

test('the cloud’s description does not run the stages', () => {
  expect(offences(/^lib\//, /^bin\/|^lambdas\/(ingest|transform|load)\//)).toEqual([]);
});

test('the engine names no table of any data set', () => {
  const names = globSync('sql/*/models/*.sql', { cwd: ROOT }).map((file) => /([^/\\]+)\.sql$/.exec(file)?.[1] ?? '');
  expect(names).toContain('fact_sales_order');
  const tables = [...names, 'sales_order', 'purchase_order', 'counterparty', 'payment_type'];
  const mentions = files
    .filter((file) => file.startsWith('lambdas/'))
    .flatMap((file) =>
      tables
        .filter((table) => new RegExp(`\\b${table}\\b`).test(readFileSync(join(ROOT, file), 'utf8')))
        .map((table) => `${file}: ${table}`),
    );
  expect(mentions).toEqual([]);
});
