import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { UsageError } from '../../lambdas/shared/errors.ts';
import { openLake } from '../../lambdas/shared/lake.ts';

describe('the address of a lake', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weir-lake-'));
  });

  afterAll(() => rm(folder, { recursive: true }));

  test('is a folder that holds both buckets', async () => {
    const lake = openLake(join(folder, 'my lake, no. 1'));
    await lake.ingestion.putIfAbsent('captured', '');
    await lake.processed.putIfAbsent('remodelled', '');
    expect({
      urls: [lake.ingestion.url, lake.processed.url],
      ingestion: await lake.ingestion.list(''),
      processed: await lake.processed.list(''),
      folders: (await readdir(join(folder, 'my lake, no. 1'))).sort(),
    }).toEqual({
      urls: [join(folder, 'my lake, no. 1', 'ingestion'), join(folder, 'my lake, no. 1', 'processed')],
      ingestion: ['captured'],
      processed: ['remodelled'],
      folders: ['ingestion', 'processed'],
    });
  });

  test('may be a relative folder', () => {
    expect(openLake('.weir/lake').ingestion.url).toBe(join(process.cwd(), '.weir', 'lake', 'ingestion'));
  });

  test('is two S3 buckets, ingestion first', () => {
    const lake = openLake('s3://weir-ingestion.eu,s3://weir-processed');
    expect([lake.ingestion.url, lake.processed.url]).toEqual(['s3://weir-ingestion.eu', 's3://weir-processed']);
  });

  test.each([
    [''],
    [' '],
    ['a\0b'],
    ['s3://only-one'],
    ['s3://one-bucket,s3://'],
    ['s3://one-bucket,two-bucket'],
    ['s3://one-bucket/prefix,s3://two-bucket'],
    ['s3://one-bucket,s3://two-bucket,s3://three-bucket'],
    ['s3:/one-bucket,s3:/two-bucket'],
    ['S3://one-bucket,S3://two-bucket'],
    ['s3://One_Bucket,s3://two-bucket'],
    ['file:///var/lake'],
    ['https://bucket.s3.amazonaws.com'],
  ])('is not %j, and the refusal names the valid forms', (address) => {
    expect(() => openLake(address)).toThrow(
      new UsageError(
        `lake ${JSON.stringify(address)}: not an address; give a folder, or s3://ingestion-bucket,s3://processed-bucket`,
      ),
    );
  });

  test('is not one bucket twice', () => {
    expect(() => openLake('s3://bucket,s3://bucket')).toThrow(
      new UsageError('lake s3://bucket,s3://bucket: one bucket twice; name two different buckets'),
    );
  });

  test('is not a file', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    expect(() => openLake(file)).toThrow(`open ${join(file, 'ingestion')}: a file is in the place of a folder`);
  });
});
