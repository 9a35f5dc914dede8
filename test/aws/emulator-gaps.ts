/** What the emulator does not know of our templates, and what it is given instead. */
import { PutBucketTaggingCommand } from '@aws-sdk/client-s3';
import { createS3Client } from '../../lambdas/shared/s3-store.ts';
import { readTemplate, STACKS, writeTemplate } from './cloud-assembly.ts';

interface MetricQuery {
  readonly MetricStat?: {
    readonly Metric: { readonly Namespace: string; readonly MetricName: string; readonly Dimensions?: unknown };
    readonly Period: number;
    readonly Stat: string;
  };
}

/** Rewrites the templates of the assembly. @returns what was changed, for the report */
export function fillGaps(): string[] {
  const gaps: string[] = [];
  for (const stack of STACKS) {
    const template = readTemplate(stack);
    for (const [id, { Type, Properties }] of Object.entries(template.Resources)) {
      if (Type !== 'AWS::CloudWatch::Alarm' || Properties.Metrics === undefined) continue;
      const { Metrics, ...rest } = Properties;
      const [first] = (Metrics as MetricQuery[]).flatMap(({ MetricStat }) => MetricStat ?? []);
      if (first === undefined) throw new Error(`${stack} ${id}: an alarm without a metric`);
      const { Metric, Period, Stat } = first;
      template.Resources[id] = { Type, Properties: { ...rest, ...Metric, Period, Statistic: Stat } };
      gaps.push(`alarm ${id}: metric math is unknown; deployed on its first metric alone`);
    }
    writeTemplate(stack, template);
  }
  return [
    ...gaps,
    'condition key s3:if-none-match of the bucket policies: added to the emulator by emulator.py',
    'tags of buckets: not kept; set again before cdk destroy, whose function empties tagged buckets only',
    'condition key s3:TlsVersion: unknown, so the statement on old versions of TLS never applies',
    'alarms, dashboards, Glue tables and the Athena workgroup are kept but do nothing',
  ];
}

/** CDK's function that empties buckets asks for this tag, which the templates give every bucket of a stage whose data may go. */
export async function tagBuckets(buckets: readonly string[]): Promise<void> {
  const Tagging = { TagSet: [{ Key: 'aws-cdk:auto-delete-objects', Value: 'true' }] };
  for (const Bucket of buckets) await createS3Client().send(new PutBucketTaggingCommand({ Bucket, Tagging }));
}
