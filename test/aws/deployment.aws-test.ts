/** A rehearsal of the deployment: `cdk bootstrap`, `cdk deploy`, the pipeline at work by itself, `cdk destroy`. Signatures and policies are enforced. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createS3Client } from '../../lambdas/shared/s3-store.ts';
import { ASSEMBLY, cdk } from './cdk.ts';
import { readTemplate, STACKS } from './cloud-assembly.ts';
import { ACCOUNT, REGION } from './emulator.ts';
import { fillGaps, tagBuckets } from './emulator-gaps.ts';
import { expectWarehouseEqualsSource } from './equals-source.ts';
import { report } from './report.ts';
import { describeStackResources } from './stack-resources.ts';
import { createTotesys, type Totesys } from './totesys.ts';

const CLOUD = { emulator: true };
const PATIENCE_SECONDS = 150;

let totesys: Totesys;

beforeAll(async () => {
  totesys = await createTotesys();
  cdk(['bootstrap', `aws://${ACCOUNT}/${REGION}`, '--app', ASSEMBLY], CLOUD);
  report('What the emulator does not know', fillGaps());
  cdk(['deploy', '--all', '--app', ASSEMBLY, '--require-approval', 'never'], CLOUD);
});

afterAll(() => totesys?.close());

test('every resource of the templates is created', async () => {
  const created = [];
  for (const stack of STACKS) {
    const resources = (await describeStackResources(stack)).map(({ physicalId, ...resource }) => resource);
    const wanted = Object.entries(readTemplate(stack).Resources).map(([logicalId, { Type }]) => ({
      logicalId,
      type: Type,
      status: 'CREATE_COMPLETE',
    }));
    expect(new Set(resources)).toEqual(new Set(wanted));
    created.push(...resources);
  }
  const byType = Object.groupBy(created, ({ type }) => type);
  report(`Deployed into the emulator: ${created.length} resources`, [
    ...Object.entries(byType).map(([type, resources = []]) => `${resources.length} ${type}`),
  ]);
});

test('the schedule, the events of the buckets and the rights of each role carry the source into the warehouse', async () => {
  const began = Date.now();
  await untilBatch(1);
  await expectWarehouseEqualsSource(totesys);
  report('The deployed pipeline', [`first batch in the warehouse after ${Math.round((Date.now() - began) / 1000)} s`]);
});

test('an edit and a delete follow by themselves', async () => {
  const [{ batch = '0' } = {}] = await ledger();
  await totesys.source.query(
    `begin; update design set file_location = '/rehearsed' where design_id = 1; delete from payment where payment_id = 7; commit`,
  );
  await untilBatch(Number(batch) + 1);
  await expectWarehouseEqualsSource(totesys);
});

test('cdk destroy takes everything away again', async () => {
  const resources = await describeStackResources('weir-dev-data');
  await tagBuckets(resources.filter(({ type }) => type === 'AWS::S3::Bucket').map(({ physicalId }) => physicalId));
  cdk(['destroy', '--all', '--app', ASSEMBLY, '--force'], CLOUD);
  for (const stack of STACKS) expect(await describeStackResources(stack)).toEqual([]);
  const { Buckets = [] } = await createS3Client().send(new ListBucketsCommand({}));
  expect(Buckets.filter(({ Name }) => Name?.startsWith('weir-dev-'))).toEqual([]);
});

async function untilBatch(number: number): Promise<void> {
  const end = Date.now() + PATIENCE_SECONDS * 1000;
  while (Date.now() < end) {
    const [newest] = await ledger();
    if (Number(newest?.batch) >= number) return;
    await sleep(500);
  }
  throw new Error(`batch ${number} is not in the warehouse after ${PATIENCE_SECONDS} s; see .weir/aws/cloud/log`);
}

async function ledger(): Promise<{ batch: string }[]> {
  const [{ present } = {}] = await totesys.warehouse.query<{ present: string | null }>(
    `select to_regclass('totesys.weir_ledger') as present`,
  );
  if (present === null) return [];
  return totesys.warehouse.query('select max(batch) as batch from totesys.weir_ledger');
}
