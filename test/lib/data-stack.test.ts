/** The stateful stack: what must not be lost, open to the world, or replaced by accident. */
import { Match } from 'aws-cdk-lib/assertions';
import { propertiesOf, resourcesOf, synthesise } from './synthesis.ts';

const { data } = synthesise('prod');
const dev = synthesise('dev').data;

test('the logical ids of what holds data are frozen: another id is another, empty resource', () => {
  const stateful = [
    'AWS::S3::Bucket',
    'AWS::RDS::DBInstance',
    'AWS::RDS::DBSubnetGroup',
    'AWS::EC2::VPC',
    'AWS::EC2::Subnet',
  ];
  const ids = stateful.flatMap((type) => resourcesOf(data, type).map(([id]) => id));
  expect(ids).toEqual([
    'LakeAccessLogs4431AB8D',
    'LakeIngestion31C28A3C',
    'LakeProcessedF364E207',
    'WarehouseDatabaseC4CA0BB5',
    'WarehouseDatabaseSubnetGroup63F01F85',
    'WarehouseNetworkVpcE155FDCB',
    'WarehouseNetworkVpcisolatedSubnet1Subnet0C353288',
    'WarehouseNetworkVpcisolatedSubnet2Subnet6C715715',
  ]);
});

test('in prod buckets and warehouse outlive the stack, in dev they go with it', () => {
  const policies = (template: typeof data) =>
    ['AWS::S3::Bucket', 'AWS::RDS::DBInstance'].flatMap((type) =>
      resourcesOf(template, type).map(([, { DeletionPolicy }]) => DeletionPolicy),
    );
  expect(policies(data)).toEqual(['Retain', 'Retain', 'Retain', 'Retain']);
  expect(policies(dev)).toEqual(['Delete', 'Delete', 'Delete', 'Delete']);
});

test.each(['LakeIngestion', 'LakeProcessed'])(
  '%s is private, encrypted, versioned, logged, and tells EventBridge',
  (id) => {
    const { LifecycleConfiguration, Tags, ...properties } = propertiesOf(data, 'AWS::S3::Bucket', id);
    expect(properties).toEqual({
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      LoggingConfiguration: {
        DestinationBucketName: { Ref: 'LakeAccessLogs4431AB8D' },
        LogFilePrefix: `${id.slice('Lake'.length).toLowerCase()}/`,
      },
      NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      VersioningConfiguration: { Status: 'Enabled' },
    });
    expect(LifecycleConfiguration.Rules).toEqual([
      expect.objectContaining({
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
        NoncurrentVersionExpiration: { NoncurrentDays: 30 },
        Status: 'Enabled',
      }),
    ]);
  },
);

test.each(['LakeIngestion', 'LakeProcessed'])(
  '%s takes a manifest only as put-if-absent, and in prod gives nothing up',
  (id) => {
    const statements = propertiesOf(data, 'AWS::S3::BucketPolicy', id).PolicyDocument.Statement;
    const objects = (keys: string) => ({
      'Fn::Join': ['', [{ 'Fn::GetAtt': [expect.stringContaining(id), 'Arn'] }, keys]],
    });
    expect(statements).toEqual([
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      expect.objectContaining({ Effect: 'Deny', Condition: { NumericLessThan: { 's3:TlsVersion': 1.2 } } }),
      {
        Sid: 'ManifestsArePutIfAbsent',
        Effect: 'Deny',
        Principal: { AWS: '*' },
        Action: 's3:PutObject',
        Resource: objects('/*/manifests/*'),
        Condition: { Null: { 's3:if-none-match': 'true' } },
      },
      {
        Sid: 'NobodyDeletes',
        Effect: 'Deny',
        Principal: { AWS: '*' },
        Action: ['s3:DeleteObject', 's3:DeleteObjectVersion'],
        Resource: objects('/*'),
      },
    ]);
  },
);

test('the warehouse is private and encrypted, and nobody knows its password', () => {
  data.hasResourceProperties('AWS::RDS::DBInstance', {
    ManageMasterUserPassword: true,
    MasterUserPassword: Match.absent(),
    StorageEncrypted: true,
    PubliclyAccessible: false,
    DeletionProtection: true,
    BackupRetentionPeriod: 14,
    MaxAllocatedStorage: 200,
  });
  expect(propertiesOf(data, 'AWS::RDS::DBParameterGroup').Parameters).toEqual({ 'rds.force_ssl': '1' });
});

test('only those who wear the group of clients reach the warehouse and the secrets, and no address does', () => {
  const rules = resourcesOf(data, 'AWS::EC2::SecurityGroupIngress').map(([, { Properties }]) => Properties);
  expect(
    rules.map(({ SourceSecurityGroupId, FromPort }) => [SourceSecurityGroupId['Fn::GetAtt'][0], FromPort]),
  ).toEqual([
    ['WarehouseNetworkClients38E1C501', 443],
    ['WarehouseNetworkClients38E1C501', { 'Fn::GetAtt': ['WarehouseDatabaseC4CA0BB5', 'Endpoint.Port'] }],
  ]);
  const groups = resourcesOf(data, 'AWS::EC2::SecurityGroup').map(
    ([, { Properties }]) => Properties.SecurityGroupIngress,
  );
  expect(groups).toEqual([undefined, undefined, undefined]);
});

test('the network costs one endpoint: no NAT gateway, no way to the internet', () => {
  data.resourceCountIs('AWS::EC2::NatGateway', 0);
  data.resourceCountIs('AWS::EC2::InternetGateway', 0);
  const endpoints = resourcesOf(data, 'AWS::EC2::VPCEndpoint').map(([, { Properties }]) => [
    Properties.VpcEndpointType,
    Properties.SubnetIds?.length,
  ]);
  expect(endpoints).toEqual([
    ['Gateway', undefined],
    ['Interface', 1],
  ]);
});

test('a standby in a second zone gets an endpoint there as well', () => {
  const newWarehouse = { instance: 't4g.small', gigabytes: 20, maxGigabytes: 50, multiAz: true, backupDays: 7 };
  const twoZones = synthesise('prod', { newWarehouse }).data;
  twoZones.hasResourceProperties('AWS::RDS::DBInstance', { MultiAZ: true });
  twoZones.hasResourceProperties('AWS::EC2::VPCEndpoint', {
    VpcEndpointType: 'Interface',
    SubnetIds: [Match.anyValue(), Match.anyValue()],
  });
});
