/** DuckDB as the stages open it. */
import { copyFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Duckdb, openDuckdb, quoteText } from '../../lambdas/shared/duckdb.ts';
import { readCapturedCsv } from '../../lambdas/shared/source-types.ts';

let folder: string;
let duckdb: Duckdb;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-duckdb-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(async () => {
  duckdb = await openDuckdb({ directory: folder });
});

afterEach(() => duckdb.close());

test('a Parquet file that takes the name, the size and the second of another is read anew', async () => {
  const [one, two, path] = ['one', 'two', 'both'].map((name) => join(folder, `${name}.parquet`));
  await duckdb.run(`copy (select 1 as id, 'abc' as v) to ${quoteText(one ?? '')} (format parquet)`);
  await duckdb.run(`copy (select 2 as id, 'abd' as w) to ${quoteText(two ?? '')} (format parquet)`);
  expect(statSync(one ?? '').size).toBe(statSync(two ?? '').size);
  const read = async (file = '') => {
    rmSync(path ?? '', { force: true });
    copyFileSync(file, path ?? '');
    return duckdb.rows(`select * from read_parquet(${quoteText(path ?? '')})`);
  };
  expect(await read(one)).toEqual([{ id: 1, v: 'abc' }]);
  expect(await read(two)).toEqual([{ id: 2, w: 'abd' }]);
});

test('a captured file that takes the name, the size and the second of another is read anew', async () => {
  const path = join(folder, 'keys.csv.gz');
  const read = (content: string) => {
    writeFileSync(path, gzipSync(content));
    return duckdb.rows(
      `select * from ${readCapturedCsv({ path, columns: [{ name: 'id', type: 'integer' }], multiline: false, maxRowBytes: 4096 })}`,
    );
  };
  expect(await read('id\n1\n2\n')).toEqual([{ id: '1' }, { id: '2' }]);
  expect(await read('id\n1\n3\n')).toEqual([{ id: '1' }, { id: '3' }]);
});

test('rows with line breaks that cross many buffers are read as they are', async () => {
  const path = join(folder, 'multiline.csv.gz');
  const value = (row: number) => `${row},"\n\r\n""\n${'x\n,'.repeat(row % 97)}"`;
  const rows = Array.from({ length: 20_000 }, (_, row) => value(row));
  writeFileSync(path, gzipSync(`id,note\n${rows.join('\n')}\n`));
  const columns = [
    { name: 'id', type: 'integer' },
    { name: 'note', type: 'text' },
  ];
  const csv = readCapturedCsv({ path, columns, multiline: true, maxRowBytes: 64 * 1024 });
  const lengths = Array.from({ length: 20_000 }, (_, row) => 5 + 3 * (row % 97)).reduce((sum, length) => sum + length);
  expect(
    await duckdb.rows(
      `select count(*) as rows, sum(length(note)) as characters, count(distinct id) as ids from ${csv}`,
    ),
  ).toEqual([{ rows: '20000', characters: String(lengths), ids: '20000' }]);
});
