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
