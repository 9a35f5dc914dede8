/** A network without a way out: the warehouse and the one function that talks to it. No NAT gateway, so no hourly price for one. */
import { Validations } from 'aws-cdk-lib';
import {
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';

export interface NetworkProps {
  /** Whether the endpoint of Secrets Manager survives the loss of an availability zone: it is paid by zone and hour. */
  readonly multiAz: boolean;
}

export class Network extends Construct {
  readonly vpc: Vpc;
  /** Worn by whoever may reach the warehouse. */
  readonly clients: SecurityGroup;

  constructor(scope: Construct, id: string, { multiAz }: NetworkProps) {
    super(scope, id);
    this.vpc = new Vpc(this, 'Vpc', {
      maxAzs: 2, // RDS asks for two even for one instance
      natGateways: 0,
      subnetConfiguration: [{ name: 'isolated', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 24 }],
      restrictDefaultSecurityGroup: false, // it would take a function to change a group that nothing here wears
      gatewayEndpoints: { S3: { service: GatewayVpcEndpointAwsService.S3 } },
    });
    Validations.of(this.vpc).acknowledge({
      id: 'AwsSolutions-VPC7',
      reason:
        'no route leads in or out; who reads the lake is in its access logs, who reads the warehouse in its connections',
    });
    this.clients = new SecurityGroup(this, 'Clients', {
      vpc: this.vpc,
      description: 'May reach the warehouse of Weir',
    });

    const endpoint = new SecurityGroup(this, 'SecretsEndpoint', {
      vpc: this.vpc,
      description: 'The endpoint of Secrets Manager',
      allowAllOutbound: false,
    });
    endpoint.addIngressRule(this.clients, Port.HTTPS, 'password of the warehouse');
    this.vpc.addInterfaceEndpoint('Secrets', {
      service: InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
      securityGroups: [endpoint],
      open: false,
      subnets: { subnets: multiAz ? this.vpc.isolatedSubnets : this.vpc.isolatedSubnets.slice(0, 1) },
    });
  }
}
