/** The warehouse where we make it: one PostgreSQL on RDS whose password nobody knows and RDS rotates. */
import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { InstanceType, SubnetType } from 'aws-cdk-lib/aws-ec2';
import {
  DatabaseInstance,
  DatabaseInstanceEngine,
  ParameterGroup,
  PostgresEngineVersion,
  StorageType,
} from 'aws-cdk-lib/aws-rds';
import { Construct } from 'constructs';
import { ENVIRONMENT } from '../lambdas/shared/contract.ts';
import type { StageConfig } from './config.ts';
import { type DatabaseAccess, readSecret } from './database-access.ts';
import { Network } from './network.ts';

export type WarehouseProps = StageConfig['newWarehouse'] & { readonly keepData: boolean };

const DATABASE = 'warehouse';
const ENGINE = DatabaseInstanceEngine.postgres({ version: PostgresEngineVersion.VER_18 });

export class Warehouse extends Construct {
  readonly instance: DatabaseInstance;
  /** For the load function, which owns the schema: it makes and changes the tables. */
  readonly access: DatabaseAccess;
  /** Bytes of free storage below which somebody should look. */
  readonly lowStorage: number;

  constructor(scope: Construct, id: string, props: WarehouseProps) {
    super(scope, id);
    const { instance, gigabytes, maxGigabytes, multiAz, backupDays, keepData } = props;
    const { vpc, clients } = new Network(this, 'Network', { multiAz });
    this.instance = new DatabaseInstance(this, 'Database', {
      engine: ENGINE,
      instanceType: new InstanceType(instance),
      vpc,
      vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
      databaseName: DATABASE,
      manageMasterUserPassword: true,
      storageType: StorageType.GP3,
      storageEncrypted: true,
      allocatedStorage: gigabytes,
      maxAllocatedStorage: maxGigabytes,
      multiAz,
      publiclyAccessible: false,
      parameterGroup: new ParameterGroup(this, 'Parameters', {
        engine: ENGINE,
        parameters: { 'rds.force_ssl': '1' },
        removalPolicy: keepData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY, // the instance that stays needs it
      }),
      autoMinorVersionUpgrade: true,
      backupRetention: Duration.days(backupDays),
      copyTagsToSnapshot: true,
      deletionProtection: keepData,
      deleteAutomatedBackups: !keepData,
      removalPolicy: keepData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    this.instance.connections.allowDefaultPortFrom(clients, 'load');
    acknowledge(this.instance, props);

    const { secret } = this.instance;
    if (secret === undefined) throw new Error(`${this.instance.node.path} has no secret`);
    this.access = {
      environment: {
        [ENVIRONMENT.databaseSecret]: secret.secretArn,
        [ENVIRONMENT.databaseHost]: this.instance.instanceEndpoint.hostname,
        [ENVIRONMENT.databasePort]: '5432',
        [ENVIRONMENT.databaseName]: DATABASE,
        [ENVIRONMENT.databaseTls]: 'rds',
      },
      statements: [readSecret(secret.secretArn)],
      network: { vpc, subnets: vpc.isolatedSubnets, securityGroups: [clients] },
    };
    this.lowStorage = gigabytes * 1e9 * 0.1;
  }
}

function acknowledge(instance: DatabaseInstance, { multiAz, keepData }: WarehouseProps): void {
  Validations.of(instance).acknowledge({
    id: 'AwsSolutions-RDS11',
    reason: 'another port than 5432 hides nothing: the network has no way in, and one security group may connect',
  });
  if (!multiAz) {
    Validations.of(instance).acknowledge({
      id: 'AwsSolutions-RDS3',
      reason: 'a standby doubles the price; the warehouse can be built anew from the lake, and loading waits meanwhile',
    });
  }
  if (!keepData) {
    Validations.of(instance).acknowledge({
      id: 'AwsSolutions-RDS10',
      reason: 'a stage whose data may go: `make destroy` must be able to remove it',
    });
  }
}
