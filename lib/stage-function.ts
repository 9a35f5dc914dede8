/** One stage of one data set as a function: its bundle, its own role and log group, and its metrics. */
import { join } from 'node:path';
import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type Architecture, type ILayerVersion, LoggingFormat, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { METRIC_NAMESPACE, METRICS, type Stage } from '../lambdas/shared/contract.ts';
import type { DatabaseAccess } from './database-access.ts';
import { DUCKDB_MODULE } from './duckdb-layer.ts';
import { FUNCTION_SIZES } from './function-sizes.ts';

type MetricName = (typeof METRICS)[keyof typeof METRICS];

/** Metrics that say how things stand; the others count what happened. */
const GAUGES: readonly MetricName[] = [METRICS.waiting, METRICS.freshness, METRICS.quarantined];

const ROOT = join(import.meta.dirname, '..');

export interface StageFunctionProps {
  readonly stage: Stage;
  readonly dataset: string;
  readonly architecture: Architecture;
  readonly layer: ILayerVersion;
  readonly logDays: RetentionDays;
  readonly environment: Readonly<Record<string, string>>;
  /** @default - the stage has no database */
  readonly database?: DatabaseAccess;
  /** How often Lambda tries an event again that failed, and when it gives it up. */
  readonly retry: { readonly attempts: number; readonly maxAge: Duration; readonly deadLetters?: IQueue };
  /** @default - as many at once as the account has */
  readonly concurrency?: number;
}

export class StageFunction extends Construct {
  readonly function: NodejsFunction;
  /** Rights on the lake are added to it. */
  readonly role: Role;
  readonly logGroup: LogGroup;
  readonly stage: Stage;
  private readonly dataset: string;

  constructor(scope: Construct, id: string, props: StageFunctionProps) {
    super(scope, id);
    const { stage, dataset, database, retry } = props;
    const size = FUNCTION_SIZES[stage];
    this.stage = stage;
    this.dataset = dataset;
    this.logGroup = new LogGroup(this, 'Logs', { retention: props.logDays, removalPolicy: RemovalPolicy.DESTROY });
    this.role = this.createRole(props);

    this.function = new NodejsFunction(this, 'Function', {
      description: `Weir: ${stage} of ${dataset}`,
      entry: join(ROOT, 'lambdas', stage, 'handler.ts'),
      depsLockFilePath: join(ROOT, 'package-lock.json'),
      runtime: Runtime.NODEJS_24_X,
      architecture: props.architecture,
      layers: [props.layer],
      memorySize: size.memory,
      ephemeralStorageSize: size.disk,
      timeout: size.timeout,
      reservedConcurrentExecutions: props.concurrency,
      environment: { NODE_OPTIONS: '--enable-source-maps', ...props.environment, ...database?.environment },
      role: this.role,
      logGroup: this.logGroup,
      loggingFormat: LoggingFormat.JSON,
      tracing: Tracing.ACTIVE,
      retryAttempts: retry.attempts,
      maxEventAge: retry.maxAge,
      onFailure: retry.deadLetters === undefined ? undefined : new SqsDestination(retry.deadLetters),
      ...networkOf(database),
      bundling: {
        format: OutputFormat.ESM,
        target: 'node24',
        mainFields: ['module', 'main'],
        minify: true,
        keepNames: true,
        sourceMap: true,
        sourcesContent: false,
        externalModules: [DUCKDB_MODULE, 'pg-native'], // the SDK is bundled, so that its version is that of the tests
        banner: "import { createRequire } from 'node:module';const require = createRequire(import.meta.url);",
        commandHooks: {
          beforeInstall: () => [],
          beforeBundling: () => [],
          afterBundling: (_, output) => [copyFolder(join('sql', dataset), output)],
        },
      },
    });
  }

  /** One of the metrics that the function itself sends. */
  metric(name: MetricName, options: MetricOptions = {}): Metric {
    return new Metric({
      namespace: METRIC_NAMESPACE,
      metricName: name,
      dimensionsMap: { service: this.stage, dataset: this.dataset },
      statistic: GAUGES.includes(name) ? Stats.MAXIMUM : Stats.SUM,
      period: Duration.minutes(5),
      ...options,
    });
  }

  /** Written out: AWS's managed policies for functions allow every log group of the account. */
  private createRole({ stage, dataset, database }: StageFunctionProps): Role {
    const role = new Role(this, 'Role', {
      description: `Weir: ${stage} of ${dataset}`,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    });
    const writeLogs = new PolicyStatement({
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [this.logGroup.logGroupArn],
    });
    for (const statement of [writeLogs, ...(database?.statements ?? [])]) role.addToPolicy(statement);
    if (database?.network !== undefined) role.addToPolicy(attachToNetwork());
    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason:
        'X-Ray takes segments, and Lambda its network interfaces, without naming a resource: the two know no narrower one',
    });
    return role;
  }
}

function networkOf(database: DatabaseAccess | undefined) {
  if (database?.network === undefined) return {};
  const { vpc, subnets, securityGroups } = database.network;
  return { vpc, vpcSubnets: { subnets: [...subnets] }, securityGroups: [...securityGroups] };
}

/** What Lambda itself does on behalf of the role, so it cannot be narrower: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html */
function attachToNetwork(): PolicyStatement {
  return new PolicyStatement({
    actions: [
      'ec2:AssignPrivateIpAddresses',
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:UnassignPrivateIpAddresses',
    ],
    resources: ['*'],
  });
}

/** A shell command that copies a folder of the project into a bundle, under the same name; by Node.js, so that any shell will do. */
function copyFolder(folder: string, output: string): string {
  const [from, to] = [join(ROOT, folder), join(output, folder)].map((path) => `'${path.replaceAll('\\', '/')}'`);
  return `node -e "require('node:fs').cpSync(${from}, ${to}, { recursive: true })"`;
}
