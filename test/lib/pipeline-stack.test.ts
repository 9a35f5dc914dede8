/** The stack that can be rebuilt: what wakes the stages, what they may do, and who is told. */
import { propertiesOf, resourcesOf, synthesise } from './synthesis.ts';

const { pipeline } = synthesise('prod');
const imported = (name: string) => ({ 'Fn::ImportValue': expect.stringContaining(name) });

test.each([
  ['ingest', 512, 512],
  ['transform', 1024, 4096],
  ['load', 512, 2048],
])('%s runs on Node.js 24 and arm64 with %i MB and a /tmp of %i MB', (stage, memory, disk) => {
  expect(propertiesOf(pipeline, 'AWS::Lambda::Function', `totesys${stage}`)).toMatchObject({
    Runtime: 'nodejs24.x',
    Architectures: ['arm64'],
    MemorySize: memory,
    EphemeralStorage: { Size: disk },
    Timeout: 900,
    TracingConfig: { Mode: 'Active' },
    LoggingConfig: { LogFormat: 'JSON', LogGroup: { Ref: expect.stringMatching(`^totesys${stage}Logs`) } },
  });
});

test('each function is told its data set, its buckets, and its own database only', () => {
  const variables = (stage: string) =>
    propertiesOf(pipeline, 'AWS::Lambda::Function', `totesys${stage}`).Environment.Variables;
  const common = {
    NODE_OPTIONS: '--enable-source-maps',
    WEIR_DATASET: 'totesys',
    WEIR_INGESTION_BUCKET: imported('LakeIngestion'),
    WEIR_PROCESSED_BUCKET: imported('LakeProcessed'),
  };
  expect(variables('ingest')).toEqual({
    ...common,
    WEIR_DATABASE_SECRET: 'arn:aws:secretsmanager:eu-west-2:111122223333:secret:totesys-AbCdEf',
    WEIR_DATABASE_TLS: 'rds',
  });
  expect(variables('transform')).toEqual(common);
  expect(variables('load')).toEqual({
    ...common,
    WEIR_DATABASE_SECRET: imported('MasterUserSecretSecretArn'),
    WEIR_DATABASE_HOST: imported('EndpointAddress'),
    WEIR_DATABASE_PORT: '5432',
    WEIR_DATABASE_NAME: 'warehouse',
    WEIR_DATABASE_TLS: 'rds',
  });
});

test('the clock wakes ingest every three minutes without retries, one at a time, and the others every fifteen', () => {
  const schedules = resourcesOf(pipeline, 'AWS::Scheduler::Schedule').map(([, { Properties }]) => [
    Properties.ScheduleExpression,
    Properties.Target.Arn['Fn::GetAtt'][0].slice(0, -8),
    Properties.Target.RetryPolicy,
  ]);
  expect(schedules).toEqual([
    ['rate(3 minutes)', 'totesysingestFunction', { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 180 }],
    ['rate(15 minutes)', 'totesystransformFunction', { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 900 }],
    ['rate(15 minutes)', 'totesysloadFunction', { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 900 }],
  ]);
  expect(propertiesOf(pipeline, 'AWS::Lambda::Function', 'totesysingest').ReservedConcurrentExecutions).toBe(1);
  expect(propertiesOf(pipeline, 'AWS::Lambda::EventInvokeConfig', 'totesysingest')).toMatchObject({
    MaximumRetryAttempts: 0,
    MaximumEventAgeInSeconds: 180,
  });
});

test('an account without concurrency to spare gets none reserved', () => {
  const functions = resourcesOf(synthesise('dev', { oneIngestAtATime: false }).pipeline, 'AWS::Lambda::Function');
  expect(functions.map(([, { Properties }]) => Properties.ReservedConcurrentExecutions)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test.each([
  ['transform', 'LakeIngestion'],
  ['load', 'LakeProcessed'],
])('a manifest wakes %s; what cannot be delivered or fails three times is kept', (stage, bucket) => {
  expect(propertiesOf(pipeline, 'AWS::Events::Rule', `totesysWakeUps${stage}`)).toMatchObject({
    EventPattern: {
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      detail: { bucket: { name: [imported(bucket)] }, object: { key: [{ prefix: 'totesys/manifests/' }] } },
    },
    Targets: [
      {
        Arn: { 'Fn::GetAtt': [expect.stringMatching(`^totesys${stage}Function`), 'Arn'] },
        DeadLetterConfig: { Arn: { 'Fn::GetAtt': [expect.stringMatching('^totesysDeadLetters'), 'Arn'] } },
      },
    ],
  });
  expect(propertiesOf(pipeline, 'AWS::Lambda::EventInvokeConfig', `totesys${stage}`)).toMatchObject({
    MaximumRetryAttempts: 2,
    DestinationConfig: {
      OnFailure: { Destination: { 'Fn::GetAtt': [expect.stringMatching('^totesysDeadLetters'), 'Arn'] } },
    },
  });
});

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
}

const rightsOf = (role: string): [string, unknown][] =>
  propertiesOf(pipeline, 'AWS::IAM::Policy', role).PolicyDocument.Statement.flatMap(({ Action, Resource }: Statement) =>
    [Action].flat().flatMap((action) => [Resource].flat().map((resource) => [action, resource])),
  );

const LAKE_KEYS = (bucket: string) => ({ 'Fn::Join': ['', [imported(bucket), '/totesys/*']] });

test.each([
  [
    'ingest',
    [
      ['s3:AbortMultipartUpload', 'LakeIngestion'],
      ['s3:GetObject', 'LakeIngestion'],
      ['s3:PutObject', 'LakeIngestion'],
    ],
  ],
  [
    'transform',
    [
      ['s3:AbortMultipartUpload', 'LakeProcessed'],
      ['s3:GetObject', 'LakeIngestion'],
      ['s3:GetObject', 'LakeProcessed'],
      ['s3:PutObject', 'LakeProcessed'],
    ],
  ],
  ['load', [['s3:GetObject', 'LakeProcessed']]],
])('%s may touch these objects of its data set and no others', (stage, expected) => {
  const rights = rightsOf(`totesys${stage}Role`).filter(([action]) => /^s3:.*(Object|Upload)/.test(action));
  expect(rights.sort(([a], [b]) => a.localeCompare(b))).toEqual(
    expected.map(([action, bucket = '']) => [action, LAKE_KEYS(bucket)]),
  );
});

test('no role may delete an object, change a secret, or do everything; every wildcard is one of these', () => {
  const policies = resourcesOf(pipeline, 'AWS::IAM::Policy').map(([id]) => id);
  const rights = policies.flatMap((id) => rightsOf(id).map(([action, resource]) => ({ id, action, resource })));
  expect(rights.length).toBeGreaterThan(20);
  expect(rights.filter(({ action }) => /\*|s3:Delete|secretsmanager:(?!GetSecretValue)/.test(action))).toEqual([]);

  const everywhere = rights.filter(({ resource }) => resource === '*').map(({ action }) => action);
  expect([...new Set(everywhere)].sort()).toEqual([
    // Lambda puts the function into its network with the function's own role, and these know no resource
    'ec2:AssignPrivateIpAddresses',
    'ec2:CreateNetworkInterface',
    'ec2:DeleteNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:UnassignPrivateIpAddresses',
    // a trace belongs to no resource
    'xray:PutTelemetryRecords',
    'xray:PutTraceSegments',
  ]);
  const patterns = rights.filter(({ resource }) => resource !== '*' && JSON.stringify(resource).includes('*'));
  expect(patterns.map(({ resource }) => resource)).toEqual(patterns.map(() => LAKE_KEYS('Lake'))); // keys that batches make
});

test('no role has a policy of AWS’s making', () => {
  const roles = resourcesOf(pipeline, 'AWS::IAM::Role');
  expect(roles.map(([id]) => id.slice(0, -8))).toEqual([
    'totesysingestRole',
    'totesystransformRole',
    'totesysloadRole',
    'totesysWakeUpsSchedulerRole',
  ]);
  expect(roles.map(([, { Properties }]) => Properties.ManagedPolicyArns)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test('alarms may be published, by TLS only, and go to the address of the configuration', () => {
  const statements = propertiesOf(pipeline, 'AWS::SNS::TopicPolicy').PolicyDocument.Statement;
  expect(statements).toEqual([
    expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    expect.objectContaining({
      Effect: 'Allow',
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Action: 'sns:Publish',
    }),
  ]);
  expect(propertiesOf(pipeline, 'AWS::SNS::Subscription')).toMatchObject({
    Protocol: 'email',
    Endpoint: 'data-team@example.com',
  });
  synthesise('prod', { alarmEmail: 'none' }).pipeline.resourceCountIs('AWS::SNS::Subscription', 0);
});

test('the lake is a database of Athena with the columns of the models, and queries have a limit', () => {
  const tables = resourcesOf(pipeline, 'AWS::Glue::Table').map(([, { Properties }]) => Properties.TableInput);
  expect(tables).toHaveLength(11);
  const payment = tables.find(({ Name }) => Name === 'fact_payment');
  expect(payment.StorageDescriptor.Columns.slice(0, 3)).toEqual([
    { Name: 'payment_id', Type: 'int' },
    { Name: 'created_date', Type: 'date' },
    { Name: 'created_time', Type: 'string' },
  ]);
  expect(payment.StorageDescriptor.Columns).toContainEqual({ Name: 'payment_amount', Type: 'decimal(18,2)' });
  expect(payment.Parameters).toMatchObject({
    'projection.enabled': 'true',
    'projection.batch_date.range': '2026-11-01,NOW',
    'storage.location.template': {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Athena fills it in
      'Fn::Join': ['', ['s3://', imported('LakeProcessed'), '/totesys/fact_payment/batch_date=${batch_date}/']],
    },
  });
  expect(propertiesOf(pipeline, 'AWS::Athena::WorkGroup')).toMatchObject({
    Name: 'weir-prod-totesys',
    WorkGroupConfiguration: { EnforceWorkGroupConfiguration: true, BytesScannedCutoffPerQuery: 100_000_000_000 },
  });
});

test('private databases are reached from the networks of the configuration, with its key and address', () => {
  const network = {
    vpcId: 'vpc-0123456789abcdef0',
    subnetIds: ['subnet-0123456789abcdef0'],
    securityGroupIds: ['sg-0123456789abcdef0'],
  };
  const secretArn = 'arn:aws:secretsmanager:eu-west-2:111122223333:secret:mine-AbCdEf';
  const secretKeyArn = 'arn:aws:kms:eu-west-2:111122223333:key/1234abcd';
  const warehouse = { secretArn, secretKeyArn, host: 'db.internal', port: 5433, name: 'sales', tls: 'system', network };
  const { data, pipeline } = synthesise('prod', {
    warehouse,
    datasets: { totesys: { source: { secretArn, network } } },
  });

  data.resourceCountIs('AWS::EC2::VPC', 0);
  data.resourceCountIs('AWS::RDS::DBInstance', 0);
  const load = propertiesOf(pipeline, 'AWS::Lambda::Function', 'totesysload');
  expect(load.VpcConfig).toEqual({ SubnetIds: network.subnetIds, SecurityGroupIds: network.securityGroupIds });
  expect(propertiesOf(pipeline, 'AWS::Lambda::Function', 'totesysingest').VpcConfig).toEqual(load.VpcConfig);
  expect(propertiesOf(pipeline, 'AWS::Lambda::Function', 'totesystransform').VpcConfig).toBeUndefined();
  expect(load.Environment.Variables).toMatchObject({
    WEIR_DATABASE_SECRET: secretArn,
    WEIR_DATABASE_HOST: 'db.internal',
    WEIR_DATABASE_PORT: '5433',
    WEIR_DATABASE_NAME: 'sales',
    WEIR_DATABASE_TLS: 'system',
  });
  expect(propertiesOf(pipeline, 'AWS::IAM::Policy', 'totesysloadRole').PolicyDocument.Statement).toContainEqual({
    Effect: 'Allow',
    Action: 'kms:Decrypt',
    Resource: secretKeyArn,
    Condition: { StringEquals: { 'kms:ViaService': 'secretsmanager.eu-west-2.amazonaws.com' } },
  });
});

test('a data set that has no folder is refused by name', () => {
  const source = { secretArn: 'arn:aws:secretsmanager:eu-west-2:111122223333:secret:olist-AbCdEf' };
  expect(() => synthesise('dev', { datasets: { nowhere: { source } } })).toThrow(
    /^sql.nowhere.columns\.json is missing: there is no data set nowhere, or run node bin\/model-columns\.ts nowhere$/,
  );
});
