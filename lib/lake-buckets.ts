/** The two buckets of the lake: what was captured, and what was made of it. Objects are added, never replaced, and never deleted by the pipeline. */
import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type BucketProps,
  CfnBucket,
  type IBucket,
  StorageClass,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { manifestPrefix } from '../lambdas/shared/contract.ts';

export interface LakeBucketsProps {
  /** Whether the objects outlive the stack, and nobody may delete one. */
  readonly keepData: boolean;
  /** Days for which an overwritten object can be brought back. */
  readonly oldVersionDays: number;
}

/** The lake, as those who only use it see it. */
export interface Lake {
  readonly ingestion: IBucket;
  readonly processed: IBucket;
}

const ACCESS_LOG_DAYS = 90;

export class LakeBuckets extends Construct implements Lake {
  readonly ingestion: Bucket;
  readonly processed: Bucket;

  constructor(scope: Construct, id: string, { keepData, oldVersionDays }: LakeBucketsProps) {
    super(scope, id);
    const common: BucketProps = {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      removalPolicy: keepData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      autoDeleteObjects: !keepData,
    };
    const serverAccessLogsBucket = new Bucket(this, 'AccessLogs', {
      ...common,
      lifecycleRules: [{ expiration: Duration.days(ACCESS_LOG_DAYS) }],
    });
    Validations.of(serverAccessLogsBucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason: 'a bucket of access logs that logged its own access would fill itself',
    });

    const lakeBucket = (name: string, transitions: [StorageClass, number][]) =>
      new Bucket(this, name, {
        ...common,
        versioned: true,
        serverAccessLogsBucket,
        serverAccessLogsPrefix: `${name.toLowerCase()}/`,
        lifecycleRules: [
          {
            // S3 leaves objects below 128 KB where they are: moving them would cost more than it saves
            transitions: transitions.map(([storageClass, days]) => ({
              storageClass,
              transitionAfter: Duration.days(days),
            })),
            noncurrentVersionExpiration: Duration.days(oldVersionDays),
            abortIncompleteMultipartUploadAfter: Duration.days(1), // no upload outlives the 15 minutes of a function
          },
        ],
      });
    // captured files are read again only when a warehouse is built anew; all classes here answer at once
    this.ingestion = lakeBucket('Ingestion', [
      [StorageClass.INFREQUENT_ACCESS, 30],
      [StorageClass.GLACIER_INSTANT_RETRIEVAL, 90],
    ]);
    // queries read these whenever somebody likes, which costs extra in the infrequent classes
    this.processed = lakeBucket('Processed', [[StorageClass.INTELLIGENT_TIERING, 30]]);

    for (const bucket of [this.ingestion, this.processed]) {
      announceObjects(bucket);
      bucket.addToResourcePolicy(onlyNewManifests(bucket));
      if (keepData) bucket.addToResourcePolicy(noDeletes(bucket));
    }
  }
}

/** Set on the resource itself: `eventBridgeEnabled` of `Bucket` would add a function with a role of AWS's making for this one flag. */
function announceObjects(bucket: Bucket): void {
  const resource = bucket.node.defaultChild;
  if (!(resource instanceof CfnBucket)) throw new Error(`${bucket.node.path} has no bucket`);
  resource.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
}

/**
 * A manifest is the commit of a batch, so nobody, whatever their rights, may write one without `If-None-Match`.
 * Multipart uploads are refused with it: their parts cannot carry the header, and a manifest is one small object.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
 */
function onlyNewManifests(bucket: Bucket): PolicyStatement {
  return new PolicyStatement({
    sid: 'ManifestsArePutIfAbsent',
    effect: Effect.DENY,
    principals: [new AnyPrincipal()],
    actions: ['s3:PutObject'],
    resources: [bucket.arnForObjects(manifestPrefix('*').concat('*'))],
    conditions: { Null: { 's3:if-none-match': 'true' } },
  });
}

/** Whoever must delete (a person's right to be forgotten) takes this statement away first, on record. Lifecycle rules are not held by it. */
function noDeletes(bucket: Bucket): PolicyStatement {
  return new PolicyStatement({
    sid: 'NobodyDeletes',
    effect: Effect.DENY,
    principals: [new AnyPrincipal()],
    actions: ['s3:DeleteObject', 's3:DeleteObjectVersion'],
    resources: [bucket.arnForObjects('*')],
  });
}
