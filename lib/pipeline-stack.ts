/** What can be rebuilt at any time: one pipeline for each data set, and who is told when one is ill. */
import { Stack, type StackProps } from 'aws-cdk-lib';
import { Architecture } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { createAlarmTopic } from './alarm-topic.ts';
import { WarehouseAlarms } from './alarms.ts';
import type { StageConfig } from './config.ts';
import type { DataStack } from './data-stack.ts';
import { type DatabaseAccess, existingDatabase } from './database-access.ts';
import { createDuckdbLayer } from './duckdb-layer.ts';
import { Pipeline } from './pipeline.ts';

export interface PipelineStackProps extends StackProps {
  readonly config: StageConfig;
  /** What names that are seen outside begin with: `weir-prod`. */
  readonly prefix: string;
  readonly data: DataStack;
}

export class PipelineStack extends Stack {
  constructor(scope: Construct, id: string, { config, prefix, data, ...props }: PipelineStackProps) {
    super(scope, id, props);
    const architecture = config.architecture === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64;
    const layer = createDuckdbLayer(this, architecture);
    const topic = createAlarmTopic(this, config.alarmEmail);
    const warehouse = this.warehouseAccess(config, data);
    for (const [dataset, { source }] of Object.entries(config.datasets)) {
      new Pipeline(this, dataset, {
        dataset,
        prefix,
        config,
        lake: data.lake,
        source: existingDatabase(this, `${dataset}Source`, source),
        warehouse,
        architecture,
        layer,
        topic,
      });
    }
    if (data.warehouse === undefined) return;
    const { instance, lowStorage } = data.warehouse;
    const { runbookUrl } = config;
    new WarehouseAlarms(this, 'WarehouseAlarms', {
      subject: `${prefix} warehouse`,
      topic,
      runbookUrl,
      instance,
      lowStorage,
    });
  }

  private warehouseAccess({ warehouse }: StageConfig, data: DataStack): DatabaseAccess {
    if (data.warehouse !== undefined) return data.warehouse.access;
    if (warehouse !== 'new') return existingDatabase(this, 'ExistingWarehouse', warehouse);
    throw new Error(`${data.node.path} has no warehouse, though the configuration asks for a new one`);
  }
}
