/** The stack of dashboards: what the reports become in QuickSight, who may use it, and how it reaches the warehouse. */
import 'aws-cdk-lib/testhelpers/jest-autoclean';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { readReports } from '../../bin/reports/report-files.ts';
import { quickSightType, readReportColumns } from '../../lib/quicksight-columns.ts';
import { createStacks, type Stacks } from '../../lib/stacks.ts';
import { exampleConfig, propertiesOf, resourcesOf } from './synthesis.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const { context } = JSON.parse(readFileSync(join(ROOT, 'cdk.json'), 'utf8'));

const reports = await readReports(join(ROOT, 'sql', 'totesys', 'reports'));
const columns = readReportColumns('totesys');

const principalArn = 'arn:aws:quicksight:eu-west-2:111122223333:user/default/analyst';
const secretArn = 'arn:aws:secretsmanager:eu-west-2:111122223333:secret:analyst-AbCdEf';
const quicksight = { principalArn, secretArns: { totesys: secretArn } };
const elsewhere = {
  secretArn: 'arn:aws:secretsmanager:eu-west-2:111122223333:secret:mine-AbCdEf',
  host: 'db.example.com',
  port: 5433,
  name: 'sales',
};
const network = {
  vpcId: 'vpc-0123456789abcdef0',
  subnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
  securityGroupIds: ['sg-0123456789abcdef0'],
};

function createApp(changes: object, flags: object = {}): Stacks & { app: App } {
  const app = new App({ context: { ...context, ...flags, 'aws:cdk:bundling-stacks': [] } });
  const shown = new Map([['totesys', { reports, columns }]]);
  return { app, ...createStacks(app, 'prod', exampleConfig('prod', changes), shown) };
}

function synthesise(changes: object = {}): Template {
  const created = createApp({ quicksight, ...changes }, { '@aws-cdk/core:validateAgainstDefaultRules': false });
  if (created.quicksight === undefined) throw new Error('there is no QuickSight stack');
  return Template.fromStack(created.quicksight);
}

const template = synthesise();
const dataSets = resourcesOf(template, 'AWS::QuickSight::DataSet').map(([, { Properties }]) => Properties);
const dashboard = propertiesOf(template, 'AWS::QuickSight::Dashboard');
const imported = (name: string) => ({ 'Fn::ImportValue': expect.stringContaining(name) });
const account = { Ref: 'AWS::AccountId' };

test('without the key there is no third stack, and no report is needed', () => {
  const app = new App({ context: { ...context, 'aws:cdk:bundling-stacks': [] } });
  const stacks = createStacks(app, 'prod', exampleConfig('prod'));
  expect(stacks.quicksight).toBeUndefined();
  expect(app.node.children.map(({ node }) => node.id)).toEqual(['weir-prod-data', 'weir-prod-pipeline']);
});

test('every report is a data set: its SQL word for word, its columns those of report-columns.json', () => {
  expect(reports.length).toBeGreaterThan(2);
  expect(dataSets.map(({ DataSetId }) => DataSetId)).toEqual(reports.map(({ name }) => `weir-prod-totesys-${name}`));
  reports.forEach(({ name, sql }, index) => {
    const { PhysicalTableMap, Permissions, ...rest } = dataSets[index] ?? {};
    expect(rest).toEqual({
      AwsAccountId: account,
      DataSetId: `weir-prod-totesys-${name}`,
      Name: `weir-prod-totesys: ${name}`,
      ImportMode: 'DIRECT_QUERY',
      Tags: expect.any(Array),
    });
    const file = JSON.parse(readFileSync(join(ROOT, 'sql', 'totesys', 'report-columns.json'), 'utf8'))[name];
    expect(PhysicalTableMap.report.CustomSql).toEqual({
      DataSourceArn: { 'Fn::GetAtt': [expect.stringMatching('^totesysDataSource'), 'Arn'] },
      Name: name,
      SqlQuery: `select row_number() over () as place, report.*\nfrom (\n${sql.trim()}\n) as report`,
      Columns: [
        { Name: 'place', Type: 'INTEGER' },
        ...Object.entries<string>(file).map(([column, type]) => ({ Name: column, Type: quickSightType(column, type) })),
      ],
    });
  });
});

test('the SQL of the data sets is that of the files', () => {
  for (const { name } of reports) {
    const lines = readFileSync(join(ROOT, 'sql', 'totesys', 'reports', `${name}.sql`), 'utf8')
      .trim()
      .split('\n');
    const statement = lines.slice(lines.findIndex((line) => !line.startsWith('--'))).join('\n');
    const dataSet = dataSets.find(({ DataSetId }) => DataSetId === `weir-prod-totesys-${name}`);
    expect(dataSet?.PhysicalTableMap.report.CustomSql.SqlQuery).toContain(statement);
  }
});

test('the warehouse is asked over TLS, with a secret, and nothing in the stack is a password', () => {
  expect(propertiesOf(template, 'AWS::QuickSight::DataSource')).toEqual({
    AwsAccountId: account,
    DataSourceId: 'weir-prod-totesys',
    Name: 'weir-prod-totesys: the warehouse of totesys',
    Type: 'POSTGRESQL',
    Credentials: { SecretArn: secretArn },
    DataSourceParameters: {
      PostgreSqlParameters: { Host: imported('EndpointAddress'), Port: 5432, Database: 'warehouse' },
    },
    SslProperties: { DisableSsl: false },
    VpcConnectionProperties: {
      VpcConnectionArn: { 'Fn::GetAtt': [expect.stringMatching('^NetworkConnection'), 'Arn'] },
    },
    Permissions: expect.any(Array),
    Tags: expect.any(Array),
  });
  expect(JSON.stringify(template.toJSON())).not.toMatch(/password|CredentialPair/i);
});

test('the principal may use data source and data sets, owns the dashboard, and nobody else may anything', () => {
  const granted = (actions: string[]) => [
    { Principal: principalArn, Actions: actions.map((action) => `quicksight:${action}`) },
  ];
  expect(propertiesOf(template, 'AWS::QuickSight::DataSource').Permissions).toEqual(
    granted(['DescribeDataSource', 'DescribeDataSourcePermissions', 'PassDataSource']),
  );
  const useDataSet = granted([
    'DescribeDataSet',
    'DescribeDataSetPermissions',
    'DescribeIngestion',
    'ListIngestions',
    'PassDataSet',
  ]);
  expect(dataSets.map(({ Permissions }) => Permissions)).toEqual(reports.map(() => useDataSet));
  expect(dashboard.Permissions).toEqual(
    granted([
      'DeleteDashboard',
      'DescribeDashboard',
      'DescribeDashboardPermissions',
      'ListDashboardVersions',
      'QueryDashboard',
      'UpdateDashboard',
      'UpdateDashboardPermissions',
      'UpdateDashboardPublishedVersion',
    ]),
  );
});

test('QuickSight has interfaces of its own in the network of the warehouse, and a role that makes them', () => {
  const { SubnetIds, SecurityGroupIds, RoleArn } = propertiesOf(template, 'AWS::QuickSight::VPCConnection');
  expect(SubnetIds).toEqual([imported('isolatedSubnet1'), imported('isolatedSubnet2')]);
  expect(SecurityGroupIds).toEqual([{ 'Fn::GetAtt': [expect.stringMatching('^NetworkGroup'), 'GroupId'] }]);
  expect(RoleArn).toEqual({ 'Fn::GetAtt': [expect.stringMatching('^NetworkRole'), 'Arn'] });
  const { AssumeRolePolicyDocument, Policies } = propertiesOf(template, 'AWS::IAM::Role');
  expect(AssumeRolePolicyDocument.Statement).toEqual([
    { Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: 'quicksight.amazonaws.com' } },
  ]);
  expect(
    Policies.map(({ PolicyDocument }: { PolicyDocument: { Statement: object[] } }) => PolicyDocument.Statement),
  ).toEqual([
    [
      {
        Action: [
          'ec2:CreateNetworkInterface',
          'ec2:DeleteNetworkInterface',
          'ec2:DescribeSecurityGroups',
          'ec2:DescribeSubnets',
          'ec2:ModifyNetworkInterfaceAttribute',
        ],
        Effect: 'Allow',
        Resource: '*',
      },
    ],
  ]);
});

test('QuickSight and the warehouse let each other in, and QuickSight goes nowhere else', () => {
  const group = { 'Fn::GetAtt': [expect.stringMatching('^NetworkGroup'), 'GroupId'] };
  const warehouse = imported('WarehouseDatabaseSecurityGroup');
  const rules = ['AWS::EC2::SecurityGroupIngress', 'AWS::EC2::SecurityGroupEgress'].map((type) =>
    resourcesOf(template, type).map(([, { Properties }]) => Properties),
  );
  expect(rules).toEqual([
    expect.arrayContaining([
      {
        GroupId: warehouse,
        SourceSecurityGroupId: group,
        IpProtocol: 'tcp',
        FromPort: 5432,
        ToPort: 5432,
        Description: 'QuickSight',
      },
      {
        GroupId: group,
        SourceSecurityGroupId: warehouse,
        IpProtocol: 'tcp',
        FromPort: 0,
        ToPort: 65535,
        Description: 'answers, at the port that asked',
      },
    ]),
    [
      {
        GroupId: group,
        DestinationSecurityGroupId: warehouse,
        IpProtocol: 'tcp',
        FromPort: 5432,
        ToPort: 5432,
        Description: 'queries',
      },
    ],
  ]);
  expect(rules[0]).toHaveLength(2);
  const [created] = resourcesOf(template, 'AWS::EC2::SecurityGroup');
  expect(created?.[1].Properties.SecurityGroupEgress).toBeUndefined();
});

test('a private warehouse of somebody else is reached from the network of the configuration', () => {
  const private_ = synthesise({ warehouse: { ...elsewhere, network } });
  private_.resourceCountIs('AWS::EC2::SecurityGroup', 0);
  expect(propertiesOf(private_, 'AWS::QuickSight::VPCConnection')).toMatchObject({
    SubnetIds: network.subnetIds,
    SecurityGroupIds: network.securityGroupIds,
  });
  expect(propertiesOf(private_, 'AWS::QuickSight::DataSource')).toMatchObject({
    DataSourceParameters: { PostgreSqlParameters: { Host: 'db.example.com', Port: 5433, Database: 'sales' } },
    SslProperties: { DisableSsl: false },
  });
});

test('a warehouse on the internet needs no connection and no role', () => {
  const public_ = synthesise({ warehouse: elsewhere });
  public_.resourceCountIs('AWS::QuickSight::VPCConnection', 0);
  public_.resourceCountIs('AWS::IAM::Role', 0);
  expect(propertiesOf(public_, 'AWS::QuickSight::DataSource').VpcConnectionProperties).toBeUndefined();
});

test('the dashboard asks every data set, under its question, two abreast', () => {
  const { DataSetIdentifierDeclarations, Sheets } = dashboard.Definition;
  expect(DataSetIdentifierDeclarations.map(({ Identifier }: { Identifier: string }) => Identifier)).toEqual(
    reports.map(({ name }) => name),
  );
  const [sheet] = Sheets;
  const visuals: { VisualId: string; Title: { FormatText: { PlainText: string } } }[] = sheet.Visuals.map(
    (visual: object) => Object.values(visual)[0],
  );
  expect(visuals.map(({ VisualId, Title }) => [VisualId, Title.FormatText.PlainText])).toEqual(
    reports.map(({ name, question }) => [name, question]),
  );
  const { Elements } = sheet.Layouts[0].Configuration.GridLayout;
  expect(
    Elements.slice(0, 3).map((element: Record<string, unknown>) => [
      element.ElementId,
      element.ColumnIndex,
      element.RowIndex,
    ]),
  ).toEqual([
    [reports[0]?.name, 0, 0],
    [reports[1]?.name, 18, 0],
    [reports[2]?.name, 0, 12],
  ]);
});

test.each([
  ['a new warehouse', {}],
  ['a private warehouse of somebody else', { warehouse: { ...elsewhere, network } }],
  ['a warehouse on the internet', { warehouse: elsewhere }],
])('with %s no rule of cdk-nag or CloudFormation is broken that nobody has answered', (_, changes) => {
  const { app } = createApp({ quicksight, ...changes });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  expect(() => app.synth()).not.toThrow();
});

test('reports whose columns nobody has written down are refused', () => {
  const app = new App({ context: { ...context, 'aws:cdk:bundling-stacks': [] } });
  const config = exampleConfig('prod', { quicksight });
  expect(() => createStacks(app, 'prod', config, new Map([['totesys', { reports, columns: new Map() }]]))).toThrow(
    /^report-columns\.json does not know report \S+; run node bin\/report-columns\.ts totesys$/,
  );
});
