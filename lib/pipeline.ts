/** Everything of one data set that can be built anew at any time: functions, wake-ups, alarms, dashboard, catalogue. Its state is in the lake. */
import { CfnOutput, Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import type { Architecture, ILayerVersion } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ENVIRONMENT, type Stage } from '../lambdas/shared/contract.ts';
import { PipelineAlarms } from './alarms.ts';
import { Catalogue } from './catalogue.ts';
import type { StageConfig } from './config.ts';
import { Dashboard } from './dashboard.ts';
import type { DatabaseAccess } from './database-access.ts';
import type { Lake } from './lake-buckets.ts';
import { grantLake, lakeRights } from './lake-rights.ts';
import { StageFunction, type StageFunctionProps } from './stage-function.ts';
import { SLOW_WAKE_UP, WakeUps } from './wake-ups.ts';

export interface PipelineProps {
  /** Name of the data set, a folder of sql/. */
  readonly dataset: string;
  /** What names that are seen outside begin with: `weir-prod`. */
  readonly prefix: string;
  readonly config: StageConfig;
  readonly lake: Lake;
  readonly source: DatabaseAccess;
  readonly warehouse: DatabaseAccess;
  readonly architecture: Architecture;
  readonly layer: ILayerVersion;
  readonly topic: ITopic;
}

export class Pipeline extends Construct {
  readonly functions: Readonly<Record<Stage, StageFunction>>;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: PipelineProps) {
    super(scope, id);
    const { dataset, prefix, config, lake, topic } = props;
    const name = `${prefix}-${dataset}`;
    const schedule = Duration.minutes(config.scheduleMinutes);
    this.deadLetters = createDeadLetters(this);

    // a failed event is tried after one and two minutes; whatever it told of is found by the next one as well
    const retry = { attempts: 2, maxAge: SLOW_WAKE_UP, deadLetters: this.deadLetters };
    this.functions = {
      // not tried again, and thrown away when a newer tick is due: the next run reads everything anyway
      ingest: this.createFunction('ingest', props, {
        database: props.source,
        retry: { attempts: 0, maxAge: schedule },
        concurrency: config.oneIngestAtATime ? 1 : undefined,
      }),
      transform: this.createFunction('transform', props, { retry }),
      load: this.createFunction('load', props, { database: props.warehouse, retry }),
    };
    const { functions, deadLetters } = this;
    new WakeUps(this, 'WakeUps', { dataset, functions, lake, schedule, deadLetters });
    const { alarms } = new PipelineAlarms(this, 'Alarms', {
      subject: `${prefix} ${dataset}`,
      topic,
      runbookUrl: config.runbookUrl,
      functions,
      schedule,
      deadLetters,
    });
    new Dashboard(this, 'Dashboard', { name, functions, lake, deadLetters, alarms });
    new CfnOutput(this, 'DashboardName', { value: name });
    for (const { stage, logGroup } of Object.values(functions))
      new CfnOutput(this, `${stage}LogGroup`, { value: logGroup.logGroupName });
    new Catalogue(this, 'Catalogue', {
      dataset,
      processed: lake.processed,
      name,
      queryGigabytes: config.queryGigabytes,
    });
  }

  private createFunction(
    stage: Stage,
    { dataset, config, lake, architecture, layer }: PipelineProps,
    props: Pick<StageFunctionProps, 'database' | 'retry' | 'concurrency'>,
  ): StageFunction {
    const created = new StageFunction(this, stage, {
      stage,
      dataset,
      architecture,
      layer,
      logDays: config.logDays,
      environment: {
        [ENVIRONMENT.dataset]: dataset,
        [ENVIRONMENT.ingestionBucket]: lake.ingestion.bucketName,
        [ENVIRONMENT.processedBucket]: lake.processed.bucketName,
      },
      ...props,
    });
    grantLake(created.role, lakeRights(stage, lake), dataset);
    return created;
  }
}

function createDeadLetters(scope: Construct): Queue {
  const queue = new Queue(scope, 'DeadLetters', {
    enforceSSL: true, // encrypted with the key of SQS, which is the default and the one that EventBridge can write under
    retentionPeriod: Duration.days(14),
    removalPolicy: RemovalPolicy.DESTROY,
  });
  Validations.of(queue).acknowledge({ id: 'AwsSolutions-SQS3', reason: 'it is the dead-letter queue' });
  return queue;
}
