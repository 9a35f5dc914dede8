/** One page that says how a data set is: alarms first, then freshness, rows, errors, and what it costs. */
import { Duration } from 'aws-cdk-lib';
import { type Alarm, AlarmStatusWidget, MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { DefaultDashboardFactory, MonitoringFacade } from 'cdk-monitoring-constructs';
import { Construct } from 'constructs';
import { METRICS, type Stage } from '../lambdas/shared/contract.ts';
import { FUNCTION_SIZES } from './function-sizes.ts';
import type { Lake } from './lake-buckets.ts';
import type { StageFunction } from './stage-function.ts';

export interface DashboardProps {
  readonly name: string;
  readonly functions: Readonly<Record<Stage, StageFunction>>;
  readonly lake: Lake;
  readonly deadLetters: IQueue;
  readonly alarms: readonly Alarm[];
}

export class Dashboard extends Construct {
  constructor(scope: Construct, id: string, { name, functions, lake, deadLetters, alarms }: DashboardProps) {
    super(scope, id);
    const { load } = functions;
    const stages = [functions.ingest, functions.transform, load];
    const each = (metric: (stage: StageFunction) => Metric) =>
      stages.map((stage) => metric(stage).with({ label: stage.stage }));

    const page = new MonitoringFacade(this, 'Monitoring', {
      alarmFactoryDefaults: { alarmNamePrefix: name, actionsEnabled: false }, // the alarms are ours: alarms.ts
      metricFactoryDefaults: { namespace: name },
      dashboardFactory: new DefaultDashboardFactory(this, 'Page', {
        dashboardNamePrefix: name,
        detailDashboardRange: Duration.days(1),
      }),
    });
    page
      .addLargeHeader(name)
      .addWidget(new AlarmStatusWidget({ title: 'Alarms', width: 24, height: 3, alarms: [...alarms] }))
      .monitorCustom({
        humanReadableName: 'Data',
        alarmFriendlyName: 'Data',
        metricGroups: [
          {
            title: 'Freshness and waiting (s)',
            metrics: [load.metric(METRICS.freshness, { label: 'freshness' }), ...waiting(stages)],
          },
          { title: 'Batches', metrics: each((stage) => stage.metric(METRICS.batches)) },
          { title: 'Rows', metrics: each((stage) => stage.metric(METRICS.rows)) },
          { title: 'Quarantined rows', metrics: [load.metric(METRICS.quarantined)] },
        ],
      });
    for (const { stage, function: lambdaFunction } of stages)
      page.monitorLambdaFunction({ lambdaFunction, humanReadableName: stage, alarmFriendlyName: stage });
    page
      .monitorSqsQueue({ queue: deadLetters, humanReadableName: 'dead letters', alarmFriendlyName: 'dead-letters' })
      .monitorCustom({
        humanReadableName: 'What costs money',
        alarmFriendlyName: 'Cost',
        metricGroups: [
          { title: 'Functions (GB-seconds a day)', metrics: stages.map(gigabyteSeconds) },
          { title: 'Logs (bytes a day)', metrics: stages.map(logBytes) },
        ],
      })
      .monitorS3Bucket({
        bucket: lake.ingestion,
        humanReadableName: 'ingestion bucket',
        alarmFriendlyName: 'ingestion',
      })
      .monitorS3Bucket({
        bucket: lake.processed,
        humanReadableName: 'processed bucket',
        alarmFriendlyName: 'processed',
      });
  }
}

function waiting(stages: readonly StageFunction[]): Metric[] {
  return stages
    .filter(({ stage }) => stage !== 'ingest')
    .map((stage) => stage.metric(METRICS.waiting, { label: `waiting for ${stage.stage}` }));
}

function gigabyteSeconds({ stage, function: lambda }: StageFunction): MathExpression {
  const milliseconds = lambda.metricDuration({ statistic: Stats.SUM });
  return new MathExpression({
    label: stage,
    expression: `milliseconds_${stage} / 1000 * ${FUNCTION_SIZES[stage].memory / 1024}`,
    usingMetrics: { [`milliseconds_${stage}`]: milliseconds },
    period: Duration.days(1),
  });
}

function logBytes({ stage, logGroup }: StageFunction): Metric {
  return new Metric({
    namespace: 'AWS/Logs',
    metricName: 'IncomingBytes',
    dimensionsMap: { LogGroupName: logGroup.logGroupName },
    statistic: Stats.SUM,
    period: Duration.days(1),
    label: stage,
  });
}
