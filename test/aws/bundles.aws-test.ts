/** The functions as `cdk deploy` would upload them: real bundles, real layer, real events, an S3 API and a real PostgreSQL. */
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { METRIC_NAMESPACE, STAGES, type Stage } from '../../lambdas/shared/contract.ts';
import { createS3Client } from '../../lambdas/shared/s3-store.ts';
import { readContents } from '../support/warehouse-contents.ts';
import { readFunction } from './cloud-assembly.ts';
import { expectWarehouseEqualsSource } from './equals-source.ts';
import { objectCreatedEvent, scheduledEvent } from './events.ts';
import { type FunctionContainer, startContainer } from './function-container.ts';
import { report } from './report.ts';
import { createTotesys, type Totesys } from './totesys.ts';

const BUCKETS = { WEIR_INGESTION_BUCKET: 'bundles-ingestion', WEIR_PROCESSED_BUCKET: 'bundles-processed' };

let totesys: Totesys;
let ingest: FunctionContainer;
let transform: FunctionContainer;
let load: FunctionContainer;
const containers: FunctionContainer[] = [];

const tick = () => scheduledEvent('ingest');
const captured = (batch: number) => objectCreatedEvent(BUCKETS.WEIR_INGESTION_BUCKET, manifestKey(batch));
const transformed = (batch: number) => objectCreatedEvent(BUCKETS.WEIR_PROCESSED_BUCKET, manifestKey(batch));
const manifestKey = (batch: number) => `totesys/manifests/000000000/${String(batch).padStart(12, '0')}.json`;
const warehouseContents = () => readContents(totesys.warehouse, 'totesys');

async function start(stage: Stage): Promise<FunctionContainer> {
  const container = await startContainer(stage, BUCKETS);
  containers.push(container);
  return container;
}

beforeAll(async () => {
  for (const Bucket of Object.values(BUCKETS)) await createS3Client().send(new CreateBucketCommand({ Bucket }));
  totesys = await createTotesys();
  [ingest, transform, load] = [await start('ingest'), await start('transform'), await start('load')];
});

afterAll(async () => {
  for (const container of containers) await container.stop();
  await totesys?.close();
});

test('two years of business arrive: the schedule wakes ingest, each manifest the next stage', async () => {
  const milliseconds = [
    await ingest.invoke(tick()),
    await transform.invoke(captured(1)),
    await load.invoke(transformed(1)),
  ];
  await expectWarehouseEqualsSource(totesys);
  const containersByStage = [ingest, transform, load];
  report(
    'Functions on two years of totesys (on this machine, at its full speed; Lambda gives 1 vCPU for 1,769 MB)',
    STAGES.map((stage, index) => {
      const { initMilliseconds = 0, peakMegabytes } = containersByStage[index] ?? {};
      return `${stage}: initialisation ${seconds(initMilliseconds)}, first event ${seconds(milliseconds[index])}, peak memory ${Math.round(peakMegabytes?.() ?? 0)} MB of ${readFunction(stage).memoryMegabytes}`;
    }),
  );
});

test('a day of business arrives whatever the order of its events, and however often they come', async () => {
  await totesys.simulator.nextDay();
  await load.invoke(transformed(2)); // before there is anything to load
  const milliseconds = [await ingest.invoke(tick())];
  const second = await start('transform');
  const [first] = await Promise.all([transform.invoke(captured(2)), second.invoke(captured(2))]);
  milliseconds.push(first, await load.invoke(captured(1)));
  await expectWarehouseEqualsSource(totesys);

  const contents = await warehouseContents();
  const quiet = [await ingest.invoke(tick()), await transform.invoke(captured(1)), await load.invoke(transformed(1))];
  const otherLoad = await start('load');
  await Promise.all([load.invoke(transformed(2)), otherLoad.invoke(transformed(2)), second.invoke(captured(2))]);
  expect(await warehouseContents()).toEqual(contents);
  report(
    'The same functions, warm',
    STAGES.map(
      (stage, index) =>
        `${stage}: a day of changes ${seconds(milliseconds[index])}, nothing to do ${seconds(quiet[index])}`,
    ),
  );
});

test('a function says what it did: a log with its batch and data set, metrics in the format of CloudWatch', async () => {
  await totesys.simulator.nextDay();
  const before = ingest.output.length;
  await ingest.invoke(tick());
  const lines = ingest.output.slice(before).map((line) => JSON.parse(line));
  expect(lines).toContainEqual(expect.objectContaining({ service: 'ingest', dataset: 'totesys', batch: 3 }));
  const metrics = lines.filter((line) => '_aws' in line);
  expect(metrics).toEqual([
    {
      _aws: {
        Timestamp: expect.any(Number),
        CloudWatchMetrics: [
          {
            Namespace: METRIC_NAMESPACE,
            Dimensions: [['service', 'dataset']],
            Metrics: expect.arrayContaining([
              { Name: 'Completed', Unit: 'Count' },
              { Name: 'Batches', Unit: 'Count' },
              { Name: 'Rows', Unit: 'Count' },
            ]),
          },
        ],
      },
      service: 'ingest',
      dataset: 'totesys',
      Completed: 1,
      Batches: 1,
      Rows: expect.any(Number),
    },
  ]);
});

test('a password may change at any time: ingest fails while its secret is behind, and goes on as soon as it is not', async () => {
  await totesys.changePassword('second');
  await expect(ingest.invoke(tick())).rejects.toThrow('(28P01); check the password');
  await totesys.tellPassword('second');
  await ingest.invoke(tick());
  await totesys.tellPassword('third');
  await totesys.changePassword('third');
  await ingest.invoke(tick());
  await transform.invoke(tick());
  await load.invoke(tick());
  await expectWarehouseEqualsSource(totesys);
});

test('a package is a bundle of one file, its map and the data set; DuckDB is in the layer', () => {
  const lines = STAGES.map((stage) => {
    const { folder } = readFunction(stage);
    expect(globSync('*', { cwd: folder }).sort()).toEqual(['index.mjs', 'index.mjs.map', 'sql']);
    expect(globSync('sql/*', { cwd: folder })).toEqual([join('sql', 'totesys')]);
    const bundle = readFileSync(join(folder, 'index.mjs'));
    return `${stage}: index.mjs ${kilobytes(bundle.length)}, ${kilobytes(gzipSync(bundle).length)} compressed; package ${kilobytes(sizeOf(folder))}`;
  });
  const layer = sizeOf(readFunction('load').layer);
  const LIMIT = 250 * 1024 * 1024; // of a function with its layers, unpacked
  expect(layer + sizeOf(readFunction('load').folder)).toBeLessThan(LIMIT);
  report('Sizes', [...lines, `layer: ${kilobytes(layer)} unpacked`]);
});

function sizeOf(folder: string): number {
  return globSync('**/*', { cwd: folder })
    .map((file) => statSync(join(folder, file)))
    .filter((file) => file.isFile())
    .reduce((sum, { size }) => sum + size, 0);
}

const kilobytes = (bytes: number) => `${Math.round(bytes / 1000).toLocaleString('en')} kB`;
const seconds = (milliseconds = Number.NaN) => `${(milliseconds / 1000).toFixed(2)} s`;
