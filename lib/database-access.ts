/** What a function needs to reach a database: its secret, its address, and the network from which it can be seen. */
import { Validations } from 'aws-cdk-lib';
import { type ISecurityGroup, type ISubnet, type IVpc, SecurityGroup, Subnet, Vpc } from 'aws-cdk-lib/aws-ec2';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { ENVIRONMENT } from '../lambdas/shared/contract.ts';
import type { DatabaseConfig } from './config.ts';

export interface DatabaseAccess {
  /** Variables of the function. */
  readonly environment: Readonly<Record<string, string>>;
  /** What the function's role may do. */
  readonly statements: readonly PolicyStatement[];
  /** @default - outside any VPC: the database is on the internet */
  readonly network?: FunctionNetwork;
}

export interface FunctionNetwork {
  readonly vpc: IVpc;
  readonly subnets: readonly ISubnet[];
  readonly securityGroups: readonly ISecurityGroup[];
}

/** Access to a database that somebody else keeps. */
export function existingDatabase(scope: Construct, id: string, config: DatabaseConfig): DatabaseAccess {
  const { secretArn, secretKeyArn, host, port, name, tls } = config;
  return {
    environment: {
      [ENVIRONMENT.databaseSecret]: secretArn,
      [ENVIRONMENT.databaseTls]: tls,
      ...(host === undefined ? {} : { [ENVIRONMENT.databaseHost]: host }),
      ...(port === undefined ? {} : { [ENVIRONMENT.databasePort]: String(port) }),
      ...(name === undefined ? {} : { [ENVIRONMENT.databaseName]: name }),
    },
    statements: [readSecret(secretArn), ...(secretKeyArn === undefined ? [] : [decryptSecret(secretKeyArn)])],
    network: config.network === undefined ? undefined : existingNetwork(new Construct(scope, id), config.network),
  };
}

export function readSecret(arn: string): PolicyStatement {
  return new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [arn] });
}

function decryptSecret(keyArn: string): PolicyStatement {
  const [, , , region] = keyArn.split(':');
  return new PolicyStatement({
    actions: ['kms:Decrypt'],
    resources: [keyArn],
    conditions: { StringEquals: { 'kms:ViaService': `secretsmanager.${region}.amazonaws.com` } },
  });
}

function existingNetwork(
  scope: Construct,
  { vpcId, subnetIds, securityGroupIds }: NonNullable<DatabaseConfig['network']>,
): FunctionNetwork {
  return {
    // the zones are those of the subnets, which nothing here asks for; CDK wants to hear one
    vpc: Vpc.fromVpcAttributes(scope, 'Vpc', { vpcId, availabilityZones: ['unknown'] }),
    subnets: subnetIds.map((id) => importSubnet(scope, id)),
    securityGroups: securityGroupIds.map((id) => SecurityGroup.fromSecurityGroupId(scope, id, id, { mutable: false })),
  };
}

function importSubnet(scope: Construct, id: string): ISubnet {
  const subnet = Subnet.fromSubnetId(scope, id, id);
  Validations.of(subnet).acknowledge({
    id: 'Annotation::@aws-cdk/aws-ec2:noSubnetRouteTableId',
    reason: 'the function only goes there; its routes are for the owner of the network to see to',
  });
  return subnet;
}
