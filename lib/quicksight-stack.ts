/** Dashboards of the reports in Amazon QuickSight, for who wants them: made over the warehouse, changing nothing of it. */
import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ENVIRONMENT } from '../lambdas/shared/contract.ts';
import type { StageConfig } from './config.ts';
import type { DataStack } from './data-stack.ts';
import { existingDatabase } from './database-access.ts';
import type { ReportColumns } from './quicksight-columns.ts';
import { QuickSightConnection } from './quicksight-connection.ts';
import { QuickSightDashboard, type WarehouseAddress } from './quicksight-dashboard.ts';
import type { Report } from './quicksight-report.ts';

/** What one data set has to show. */
export interface DatasetReports {
  readonly reports: readonly Report[];
  readonly columns: ReportColumns;
}

export interface QuickSightStackProps extends StackProps {
  readonly config: StageConfig & { readonly quicksight: NonNullable<StageConfig['quicksight']> };
  /** What names that are seen outside begin with: `weir-prod`. */
  readonly prefix: string;
  readonly data: DataStack;
  /** Of every data set that QuickSight has a secret for. */
  readonly reports: ReadonlyMap<string, DatasetReports>;
}

export class QuickSightStack extends Stack {
  constructor(scope: Construct, id: string, { config, prefix, data, reports, ...props }: QuickSightStackProps) {
    super(scope, id, props);
    const { principalArn, secretArns } = config.quicksight;
    const warehouse = this.findWarehouse(config, data, `${prefix}-warehouse`);
    for (const [dataset, secretArn] of Object.entries(secretArns)) {
      const shown = reports.get(dataset);
      if (shown === undefined) throw new Error(`${id} was not given the reports of ${dataset}`);
      const name = `${prefix}-${dataset}`;
      new QuickSightDashboard(this, dataset, { ...shown, name, dataset, principalArn, secretArn, warehouse });
    }
  }

  private findWarehouse(config: StageConfig, data: DataStack, connectionName: string): WarehouseAddress {
    const access =
      data.warehouse?.access ??
      (config.warehouse === 'new' ? undefined : existingDatabase(this, 'ExistingWarehouse', config.warehouse));
    const host = access?.environment[ENVIRONMENT.databaseHost];
    const database = access?.environment[ENVIRONMENT.databaseName];
    if (access === undefined || host === undefined || database === undefined)
      throw new Error(`${this.node.path} does not know where the warehouse is`);
    const { network, environment } = access;
    const connection =
      network === undefined
        ? undefined
        : new QuickSightConnection(this, 'Network', {
            name: connectionName,
            network,
            warehouse: data.warehouse?.instance,
          });
    return {
      host,
      database,
      port: Number(environment[ENVIRONMENT.databasePort] ?? 5432),
      tls: environment[ENVIRONMENT.databaseTls] !== 'off',
      vpcConnectionArn: connection?.arn,
    };
  }
}
