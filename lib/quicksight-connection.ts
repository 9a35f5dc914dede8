/** The way of QuickSight to the warehouse: through the network of a private one, over the internet to any other. */
import { Stack, Validations } from 'aws-cdk-lib';
import { type IConnectable, type ISecurityGroup, Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnVPCConnection } from 'aws-cdk-lib/aws-quicksight';
import { Construct } from 'constructs';
import type { FunctionNetwork } from './database-access.ts';

export interface QuickSightConnectionProps {
  /** Of the connection, as QuickSight lists it. */
  readonly name: string;
  readonly network: FunctionNetwork;
  /** The warehouse that we make, which lets QuickSight in. @default - the network's own groups may reach it */
  readonly warehouse?: IConnectable;
}

export class QuickSightConnection extends Construct {
  readonly arn: string;

  constructor(scope: Construct, id: string, { name, network, warehouse }: QuickSightConnectionProps) {
    super(scope, id);
    const groups = warehouse === undefined ? network.securityGroups : [this.createGroup(network, warehouse)];
    const role = this.createRole();
    const connection = new CfnVPCConnection(this, 'Connection', {
      awsAccountId: Stack.of(this).account,
      vpcConnectionId: name,
      name,
      roleArn: role.roleArn,
      subnetIds: network.subnets.map(({ subnetId }) => subnetId),
      securityGroupIds: groups.map(({ securityGroupId }) => securityGroupId),
    });
    connection.node.addDependency(...groups); // who uses the connection at once finds their rules
    this.arn = connection.attrArn;
  }

  private createGroup({ vpc }: FunctionNetwork, { connections }: IConnectable): ISecurityGroup {
    const group = new SecurityGroup(this, 'Group', {
      vpc,
      description: 'QuickSight, which may reach the warehouse of Weir',
      allowAllOutbound: false,
    });
    connections.securityGroups.forEach(({ securityGroupId }, index) => {
      // imported, so that its rule belongs to this stack and goes with it
      const warehouse = SecurityGroup.fromSecurityGroupId(group, `Warehouse${index}`, securityGroupId);
      warehouse.addIngressRule(group, Port.POSTGRES, 'QuickSight');
      group.addEgressRule(warehouse, Port.POSTGRES, 'queries');
      // whether answers are let in by themselves depends on the age of the connection: https://docs.aws.amazon.com/quicksight/latest/user/vpc-inbound-rules.html
      group.addIngressRule(warehouse, Port.allTcp(), 'answers, at the port that asked');
    });
    return group;
  }

  /** What QuickSight does to have its interfaces: https://docs.aws.amazon.com/quicksight/latest/user/vpc-creating-a-connection-in-quicksight-cli.html */
  private createRole(): Role {
    const interfaces = new PolicyStatement({
      actions: [
        'ec2:CreateNetworkInterface',
        'ec2:DeleteNetworkInterface',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeSubnets',
        'ec2:ModifyNetworkInterfaceAttribute',
      ],
      resources: ['*'],
    });
    // inline, so that the rights are there when the connection is made
    const role = new Role(this, 'Role', {
      description: 'Weir: network interfaces of QuickSight',
      assumedBy: new ServicePrincipal('quicksight.amazonaws.com'),
      inlinePolicies: { interfaces: new PolicyDocument({ statements: [interfaces] }) },
    });
    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'QuickSight makes interfaces whose names nobody knows beforehand, and asks for these rights on all',
    });
    return role;
  }
}
