/** What each stage may do with the lake: read and add within its data set, and nothing else. No one here may delete. */
import { Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Stage } from '../lambdas/shared/contract.ts';
import type { Lake } from './lake-buckets.ts';

export interface LakeRights {
  readonly reads: readonly IBucket[];
  /** Where objects may be added; one that is there already may be replaced unless it is a manifest: the bucket's policy sees to that. */
  readonly adds: readonly IBucket[];
}

/** Ingest reads its own manifests, transform the captured files, load what was made of them. */
export function lakeRights(stage: Stage, { ingestion, processed }: Lake): LakeRights {
  const rights: Readonly<Record<Stage, LakeRights>> = {
    ingest: { reads: [ingestion], adds: [ingestion] },
    transform: { reads: [ingestion, processed], adds: [processed] },
    load: { reads: [processed], adds: [] },
  };
  return rights[stage];
}

/** Gives `role` the rights on the objects of one data set. */
export function grantLake(role: Role, { reads, adds }: LakeRights, dataset: string): void {
  const keys = (bucket: IBucket) => bucket.arnForObjects(`${dataset}/*`);
  role.addToPolicy(new PolicyStatement({ actions: ['s3:GetObject'], resources: reads.map(keys) }));
  // not narrowed to a prefix: S3 looks at this right, without one, to tell a missing key (404) from a forbidden one (403)
  role.addToPolicy(
    new PolicyStatement({ actions: ['s3:ListBucket'], resources: reads.map(({ bucketArn }) => bucketArn) }),
  );
  if (adds.length > 0) {
    const actions = ['s3:PutObject', 's3:AbortMultipartUpload'];
    role.addToPolicy(new PolicyStatement({ actions, resources: adds.map(keys) }));
  }
  for (const bucket of new Set([...reads, ...adds])) {
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${nameInPolicies(bucket)}/${dataset}/*]`,
      reason: `the keys below ${dataset}/ are made as batches come, so they cannot be listed beforehand`,
    });
  }
}

/** A bucket's ARN as cdk-nag spells it in the policies of another stack: the name of its export. */
function nameInPolicies(bucket: IBucket): string {
  const stack = Stack.of(bucket);
  return stack.resolve(stack.exportValue(bucket.bucketArn))['Fn::ImportValue'];
}
