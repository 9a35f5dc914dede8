/** Everything that somebody is told of. The heading of each alarm is its name and its place in RUNBOOK.md. */
import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  type AlarmProps,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { DatabaseInstance } from 'aws-cdk-lib/aws-rds';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { METRICS, type Stage } from '../lambdas/shared/contract.ts';
import type { StageFunction } from './stage-function.ts';
import { SLOW_WAKE_UP } from './wake-ups.ts';

export interface AlarmsProps {
  /** What the alarms are about, before their heading: `weir-prod totesys`. */
  readonly subject: string;
  readonly topic: ITopic;
  /** Where RUNBOOK.md can be read. @default - its path in the repository */
  readonly runbookUrl?: string;
}

export interface PipelineAlarmsProps extends AlarmsProps {
  readonly functions: Readonly<Record<Stage, StageFunction>>;
  readonly schedule: Duration;
  readonly deadLetters: IQueue;
}

export interface WarehouseAlarmsProps extends AlarmsProps {
  readonly instance: DatabaseInstance;
  /** In bytes. */
  readonly lowStorage: number;
}

type AlarmDefinition = Pick<AlarmProps, 'threshold'> &
  Partial<Pick<AlarmProps, 'comparisonOperator' | 'evaluationPeriods' | 'treatMissingData'>> & {
    readonly heading: string;
    /** What broke, in one sentence without its full stop. */
    readonly broke: string;
    readonly metric: IMetric;
  };

const LINE_STOPPED = Duration.minutes(15);
const STALE = Duration.minutes(30);
const { GREATER_THAN_THRESHOLD, LESS_THAN_THRESHOLD } = ComparisonOperator;

/** Alarms that tell a topic when they go off and when it is over. */
class Alarms extends Construct {
  readonly alarms: Alarm[] = [];

  protected add({ subject, topic, runbookUrl = 'lib/RUNBOOK.md' }: AlarmsProps, definition: AlarmDefinition): void {
    const { heading, broke, ...props } = definition;
    const words = heading.toLowerCase().split(' ');
    const alarm = new Alarm(this, words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(''), {
      alarmName: `${subject}: ${heading}`,
      alarmDescription: `${broke}. What to do: ${runbookUrl}#${words.join('-')}`,
      comparisonOperator: GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      ...props,
    });
    alarm.addAlarmAction(new SnsAction(topic));
    alarm.addOkAction(new SnsAction(topic));
    this.alarms.push(alarm);
  }
}

export class PipelineAlarms extends Alarms {
  constructor(scope: Construct, id: string, props: PipelineAlarmsProps) {
    super(scope, id);
    const { ingest, transform, load } = props.functions;
    const stages = [ingest, transform, load];
    for (const { stage, function: lambda } of stages) {
      this.add(props, {
        heading: `${stage.charAt(0).toUpperCase()}${stage.slice(1)} failed`,
        broke: `A run of ${stage} ended with an error; its batch was not committed`,
        metric: lambda.metricErrors({ period: Duration.minutes(5), statistic: Stats.SUM }),
        threshold: 0,
      });
    }
    // the slow wake-up makes each of them say so at least once in this time, so silence is a fault too
    const period = SLOW_WAKE_UP.plus(Duration.minutes(5));
    for (const stage of [transform, load]) {
      this.add(props, {
        heading: `Line stopped before ${stage.stage}`,
        broke: `A batch has waited more than 15 minutes for ${stage.stage}, or ${stage.stage} no longer runs`,
        metric: stage.metric(METRICS.waiting, { period }),
        threshold: LINE_STOPPED.toSeconds(),
        treatMissingData: TreatMissingData.BREACHING,
      });
    }
    this.add(props, {
      heading: 'Warehouse is stale',
      broke: 'A batch reached the warehouse more than 30 minutes after its snapshot',
      metric: load.metric(METRICS.freshness),
      threshold: STALE.toSeconds(),
    });
    this.add(props, {
      heading: 'Heartbeat missing',
      broke: 'No run of ingest has ended well for a while: the schedule is off, or every run fails',
      metric: ingest.metric(METRICS.completed, {
        period: Duration.minutes(Math.max(15, 3 * props.schedule.toMinutes())),
      }),
      threshold: 1,
      comparisonOperator: LESS_THAN_THRESHOLD,
      treatMissingData: TreatMissingData.BREACHING,
    });
    this.add(props, {
      heading: 'Rows in quarantine',
      broke: 'The quarantine of the warehouse holds rows that break a contract; all other rows are loaded',
      metric: load.metric(METRICS.quarantined),
      threshold: 0,
      treatMissingData: TreatMissingData.IGNORE, // said with every batch, and true until the next
    });
    this.add(props, {
      heading: 'Mass delete refused',
      broke: 'Ingest refused a batch that would delete a larger share of a table than the data set allows',
      metric: ingest.metric(METRICS.refusedDeletes),
      threshold: 0,
    });
    this.add(props, {
      heading: 'Throttled',
      broke:
        'Lambda has turned runs away for 15 minutes: a stage takes longer than its interval, or the account has no concurrency left',
      metric: new MathExpression({
        label: 'throttles',
        expression: stages.map(({ stage }) => stage).join(' + '),
        usingMetrics: Object.fromEntries(
          stages.map(({ stage, function: lambda }) => [stage, lambda.metricThrottles({ statistic: Stats.SUM })]),
        ),
        period: Duration.minutes(5),
      }),
      threshold: 0,
      evaluationPeriods: 3,
    });
    this.add(props, {
      heading: 'Dead letters',
      broke: 'An event was given up after its retries; the work it told of is still waiting in the lake',
      metric: props.deadLetters.metricApproximateNumberOfMessagesVisible({
        period: Duration.minutes(5),
        statistic: Stats.MAXIMUM,
      }),
      threshold: 0,
    });
  }
}

export class WarehouseAlarms extends Alarms {
  constructor(scope: Construct, id: string, props: WarehouseAlarmsProps) {
    super(scope, id);
    const { instance, lowStorage } = props;
    this.add(props, {
      heading: 'Warehouse storage low',
      broke: `The warehouse has less than ${Math.round(lowStorage / 1e9)} GB of free storage`,
      metric: instance.metricFreeStorageSpace({ period: Duration.minutes(5), statistic: Stats.MINIMUM }),
      threshold: lowStorage,
      comparisonOperator: LESS_THAN_THRESHOLD,
      evaluationPeriods: 3,
    });
    this.add(props, {
      heading: 'Warehouse CPU high',
      broke: 'The processor of the warehouse has been above 80 % for 15 minutes',
      metric: instance.metricCPUUtilization({ period: Duration.minutes(5), statistic: Stats.AVERAGE }),
      threshold: 80,
      evaluationPeriods: 3,
    });
  }
}
