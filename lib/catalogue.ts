/** The processed bucket as a database of Athena: one table a model, from the day it is deployed. */
import { RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import { CfnDatabase, CfnTable } from 'aws-cdk-lib/aws-glue';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { type CatalogueColumn, readModelColumns } from './model-columns.ts';

export interface CatalogueProps {
  readonly dataset: string;
  readonly processed: IBucket;
  /** Of the workgroup, and of the database with `_` for `-`. */
  readonly name: string;
  /** What one query may scan, in GB. */
  readonly queryGigabytes: number;
}

/** No batch is older than this. Athena computes the partitions from here to today, so none has to be registered. */
const FIRST_BATCH_DATE = '2026-11-01';

export class Catalogue extends Construct {
  constructor(scope: Construct, id: string, props: CatalogueProps) {
    super(scope, id);
    const { dataset, name } = props;
    const database = name.replaceAll('-', '_');
    const catalogId = Stack.of(this).account;
    const databaseInput = { name: database, description: `What Weir made of ${dataset}, every version of every row` };
    const glueDatabase = new CfnDatabase(this, 'Database', { catalogId, databaseInput });
    for (const [model, columns] of readModelColumns(dataset)) {
      const table = new CfnTable(this, model, {
        catalogId,
        databaseName: database,
        tableInput: tableInput(model, columns, props),
      });
      table.addResourceDependency(glueDatabase);
    }
    this.createWorkGroup(props);
  }

  private createWorkGroup({ dataset, name, queryGigabytes }: CatalogueProps): void {
    const workGroup = new CfnWorkGroup(this, 'WorkGroup', {
      name,
      description: `Queries on the lake of ${dataset}; each may scan ${queryGigabytes} GB`,
      recursiveDeleteOption: true,
      workGroupConfiguration: {
        enforceWorkGroupConfiguration: true,
        bytesScannedCutoffPerQuery: queryGigabytes * 1e9,
        publishCloudWatchMetricsEnabled: true,
        managedQueryResultsConfiguration: { enabled: true }, // Athena keeps results for a day: no bucket to guard and to empty
      },
    });
    workGroup.applyRemovalPolicy(RemovalPolicy.DESTROY);
    Validations.of(workGroup).acknowledge({
      id: 'AwsSolutions-ATH1',
      reason: 'managed results are always encrypted; the rule looks at buckets only',
    });
  }
}

function tableInput(
  model: string,
  columns: readonly CatalogueColumn[],
  { dataset, processed }: CatalogueProps,
): CfnTable.TableInputProperty {
  const location = `s3://${processed.bucketName}/${dataset}/${model}/`;
  return {
    name: model,
    description: `${model} as each batch made it: the batch is the name of the file in "$path", and the highest has the present row`,
    tableType: 'EXTERNAL_TABLE',
    partitionKeys: [{ name: 'batch_date', type: 'date' }],
    parameters: {
      classification: 'parquet',
      'projection.enabled': 'true',
      'projection.batch_date.type': 'date',
      'projection.batch_date.format': 'yyyy-MM-dd',
      'projection.batch_date.range': `${FIRST_BATCH_DATE},NOW`,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Athena fills it in
      'storage.location.template': `${location}batch_date=${'${batch_date}'}/`,
    },
    storageDescriptor: {
      location,
      columns: [...columns],
      inputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
      outputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
      serdeInfo: { serializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' },
    },
  };
}
