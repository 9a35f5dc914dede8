/** The whole pipeline on buckets instead of folders, by the same client that the functions use. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createPipeline, type Pipeline, readDataset, runPipeline, SQL_FOLDER } from '../../bin/pipeline.ts';
import type { ObjectStore } from '../../lambdas/shared/object-store.ts';
import { connect } from '../../lambdas/shared/postgres.ts';
import { createS3Client, openS3Store } from '../../lambdas/shared/s3-store.ts';
import { QUIET } from '../support/rig.ts';
import { expectWarehouseEqualsSource } from './equals-source.ts';
import { report } from './report.ts';
import { createTotesys, type Totesys } from './totesys.ts';

const MIB = 1024 * 1024;
const client = createS3Client({ endpoint: process.env.WEIR_TEST_S3_ENDPOINT ?? '' });

let totesys: Totesys;
let openPipeline: () => Promise<Pipeline>;

async function createBucket(): Promise<ObjectStore> {
  const bucket = `weir-test-${randomUUID()}`;
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  return openS3Store({ bucket, client });
}

beforeAll(async () => {
  totesys = await createTotesys();
  const lake = { ingestion: await createBucket(), processed: await createBucket() };
  const dataset = await readDataset(`${SQL_FOLDER}/totesys`);
  openPipeline = async () =>
    createPipeline({
      dataset,
      lake,
      source: () => connect({ url: totesys.urls.source, role: 'source' }),
      warehouse: () => connect({ url: totesys.urls.warehouse, role: 'warehouse' }),
      log: QUIET,
    });
});

afterAll(() => totesys?.close());

test('two years of business and three days, with a deleted order, go through two buckets into the warehouse', async () => {
  const pipeline = await openPipeline();
  await runPipeline(pipeline);
  await expectWarehouseEqualsSource(totesys);
  for (let day = 0; day < 3; day += 1) {
    await totesys.simulator.nextDay();
    if (day === 1) await totesys.simulator.deleteOrder();
    await runPipeline(pipeline);
    await expectWarehouseEqualsSource(totesys);
  }
});

test('of two pipelines that run at once each batch is captured, transformed and loaded by one', async () => {
  await totesys.simulator.nextDay();
  const [first, second] = [await openPipeline(), await openPipeline()];
  const captured = await Promise.all([first.ingest(), second.ingest()]);
  expect(captured.filter((manifest) => manifest !== undefined)).toHaveLength(1);
  await Promise.all([first.transform(), second.transform()]);
  await Promise.all([first.load(), second.load()]);
  await expectWarehouseEqualsSource(totesys);
});

test('a stream of 200 MB is written and read back with the same sha256, in a fraction of its size of memory', async () => {
  const store = await createBucket();
  const block = randomBytes(MIB);
  const before = process.memoryUsage().rss;
  let peak = 0;
  const began = performance.now();
  const written = createHash('sha256');
  await store.put(
    'large',
    Readable.from(
      (function* () {
        for (let number = 0; number < 200; number += 1) {
          block.writeUInt32LE(number);
          const chunk = Buffer.from(block); // the upload keeps what it is given
          written.update(chunk);
          peak = Math.max(peak, process.memoryUsage().rss);
          yield chunk;
        }
      })(),
    ),
  );
  const read = createHash('sha256');
  let bytes = 0;
  for await (const chunk of await store.get('large')) {
    read.update(chunk);
    bytes += chunk.length;
    peak = Math.max(peak, process.memoryUsage().rss);
  }
  expect({ bytes, sha256: read.digest('hex') }).toEqual({ bytes: 200 * MIB, sha256: written.digest('hex') });
  const grown = Math.round((peak - before) / MIB);
  expect(grown).toBeLessThan(150);
  report('A stream of 200 MB to S3 and back', [
    `${((performance.now() - began) / 1000).toFixed(1)} s; memory grew by ${grown} MB`,
  ]);
});
