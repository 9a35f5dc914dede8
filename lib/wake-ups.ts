/** What wakes the stages of a data set: the clock, and the manifest of the stage before. A wake-up is a hint; losing one loses nothing. */
import { Duration, Stack } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Schedule, ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { manifestPrefix, type Stage } from '../lambdas/shared/contract.ts';
import type { Lake } from './lake-buckets.ts';
import type { StageFunction } from './stage-function.ts';

/** How often transform and load look for work that no event told them of. */
export const SLOW_WAKE_UP = Duration.minutes(15);

export interface WakeUpsProps {
  readonly dataset: string;
  readonly functions: Readonly<Record<Stage, StageFunction>>;
  readonly lake: Lake;
  readonly schedule: Duration;
  /** Keeps events that could not be delivered. */
  readonly deadLetters: IQueue;
}

export class WakeUps extends Construct {
  constructor(scope: Construct, id: string, { dataset, functions, lake, schedule, deadLetters }: WakeUpsProps) {
    super(scope, id);
    const { ingest, transform, load } = functions;
    const role = this.schedulerRole([ingest, transform, load]);
    this.onClock(role, ingest, schedule);
    this.onClock(role, transform, SLOW_WAKE_UP);
    this.onClock(role, load, SLOW_WAKE_UP);
    this.onManifest({ dataset, bucket: lake.ingestion, stage: transform, deadLetters });
    this.onManifest({ dataset, bucket: lake.processed, stage: load, deadLetters });
  }

  /** Written out: the role that CDK makes may also invoke every version of the functions. */
  private schedulerRole(stages: readonly StageFunction[]): Role {
    const { account } = Stack.of(this);
    const group = Stack.of(this).formatArn({
      service: 'scheduler',
      resource: 'schedule-group',
      resourceName: 'default',
    });
    const role = new Role(this, 'SchedulerRole', {
      description: 'Weir: wakes the stages by the clock',
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': account, 'aws:SourceArn': group } },
      }),
    });
    const resources = stages.map((stage) => stage.function.functionArn);
    role.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources }));
    return role;
  }

  /** Not tried again: the next tick comes anyway. */
  private onClock(role: Role, { stage, function: { functionArn } }: StageFunction, every: Duration): void {
    const retryPolicy = { maximumRetryAttempts: 0, maximumEventAgeInSeconds: Math.max(60, every.toSeconds()) };
    new Schedule(this, `${stage}ByClock`, {
      description: `Weir: wakes ${stage}`,
      schedule: ScheduleExpression.rate(every),
      target: { bind: () => ({ arn: functionArn, role, retryPolicy }) },
    });
  }

  private onManifest(options: { dataset: string; bucket: IBucket; stage: StageFunction; deadLetters: IQueue }): void {
    const { dataset, bucket, stage, deadLetters } = options;
    new Rule(this, `${stage.stage}ByManifest`, {
      description: `Weir: a manifest of ${dataset} wakes ${stage.stage}`,
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: { bucket: { name: [bucket.bucketName] }, object: { key: [{ prefix: manifestPrefix(dataset) }] } },
      },
      // delivery to Lambda is over once it has taken the event; the function's own retries begin there
      targets: [
        new LambdaFunction(stage.function, {
          retryAttempts: 10,
          maxEventAge: SLOW_WAKE_UP,
          deadLetterQueue: deadLetters,
        }),
      ],
    });
  }
}
