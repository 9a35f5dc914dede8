/** What must not be lost: the lake, and the warehouse with its network where we make it. Deployed first, changed seldom. */
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { StageConfig } from './config.ts';
import { type Lake, LakeBuckets } from './lake-buckets.ts';
import { Warehouse } from './warehouse.ts';

export interface DataStackProps extends StackProps {
  readonly config: StageConfig;
}

export class DataStack extends Stack {
  readonly lake: Lake;
  /** Undefined where the warehouse is somebody else's. */
  readonly warehouse: Warehouse | undefined;

  constructor(scope: Construct, id: string, { config, ...props }: DataStackProps) {
    super(scope, id, { ...props, terminationProtection: config.keepData });
    this.lake = new LakeBuckets(this, 'Lake', config);
    new CfnOutput(this, 'IngestionBucket', { value: this.lake.ingestion.bucketName });
    new CfnOutput(this, 'ProcessedBucket', { value: this.lake.processed.bucketName });
    if (config.warehouse !== 'new') return;

    this.warehouse = new Warehouse(this, 'Warehouse', { ...config.newWarehouse, keepData: config.keepData });
    const { instance } = this.warehouse;
    new CfnOutput(this, 'WarehouseHost', { value: instance.instanceEndpoint.hostname });
    new CfnOutput(this, 'WarehouseSecret', { value: instance.secret?.secretArn ?? '' });
  }
}
