/** The reports of one data set in QuickSight: a data source, a data set for each report, and a dashboard that asks them all. */
import { CfnOutput, Stack } from 'aws-cdk-lib';
import { CfnDashboard, CfnDataSet, CfnDataSource } from 'aws-cdk-lib/aws-quicksight';
import { Construct } from 'constructs';
import type { ReportColumn, ReportColumns } from './quicksight-columns.ts';
import { PLACE, placedSql, type Report } from './quicksight-report.ts';
import { mayUseDataSet, mayUseDataSource, ownsDashboard } from './quicksight-rights.ts';
import { reportVisual } from './quicksight-visuals.ts';

/** Where the warehouse is, as QuickSight sees it. */
export interface WarehouseAddress {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly tls: boolean;
  /** ARN of the connection into its network. @default - it is on the internet */
  readonly vpcConnectionArn?: string;
}

export interface QuickSightDashboardProps {
  /** Of the dashboard; what else is made here begins with it. */
  readonly name: string;
  readonly dataset: string;
  readonly principalArn: string;
  /** Username and password of the role that reads. */
  readonly secretArn: string;
  readonly warehouse: WarehouseAddress;
  readonly reports: readonly Report[];
  readonly columns: ReportColumns;
}

/** A quarter of a screen, in the grid's 36 columns and its rows. */
const TILE = { columnSpan: 18, rowSpan: 12 };
const TILES_ABREAST = 2;

export class QuickSightDashboard extends Construct {
  constructor(scope: Construct, id: string, props: QuickSightDashboardProps) {
    super(scope, id);
    const dataSource = createDataSource(this, props);
    const dashboard = new CfnDashboard(this, 'Dashboard', {
      awsAccountId: Stack.of(this).account,
      dashboardId: props.name,
      name: props.name,
      permissions: ownsDashboard(props.principalArn),
      definition: {
        dataSetIdentifierDeclarations: props.reports.map((report) => ({
          identifier: report.name,
          dataSetArn: createDataSet(this, report, dataSource, props).attrArn,
        })),
        sheets: [createSheet(props)],
      },
    });
    new CfnOutput(this, 'DashboardArn', { value: dashboard.attrArn });
  }
}

function createDataSource(
  scope: Construct,
  { name, dataset, principalArn, secretArn, warehouse }: QuickSightDashboardProps,
): CfnDataSource {
  const { host, port, database, tls, vpcConnectionArn } = warehouse;
  return new CfnDataSource(scope, 'DataSource', {
    awsAccountId: Stack.of(scope).account,
    dataSourceId: name,
    name: `${name}: the warehouse of ${dataset}`,
    type: 'POSTGRESQL',
    dataSourceParameters: { postgreSqlParameters: { host, port, database } },
    credentials: { secretArn },
    sslProperties: { disableSsl: !tls },
    vpcConnectionProperties: vpcConnectionArn === undefined ? undefined : { vpcConnectionArn },
    permissions: mayUseDataSource(principalArn),
  });
}

/** Asks the warehouse whenever somebody looks: SPICE would show the state of its last refresh, and the answers are small. */
function createDataSet(
  scope: Construct,
  report: Report,
  dataSource: CfnDataSource,
  props: QuickSightDashboardProps,
): CfnDataSet {
  const { name, principalArn } = props;
  return new CfnDataSet(scope, report.name, {
    awsAccountId: Stack.of(scope).account,
    dataSetId: `${name}-${report.name}`,
    name: `${name}: ${report.name}`,
    importMode: 'DIRECT_QUERY',
    physicalTableMap: {
      report: {
        customSql: {
          dataSourceArn: dataSource.attrArn,
          name: report.name,
          sqlQuery: placedSql(report),
          columns: [{ name: PLACE, type: 'INTEGER' }, ...columnsOf(report, props)],
        },
      },
    },
    permissions: mayUseDataSet(principalArn),
  });
}

function columnsOf({ name }: Report, { dataset, columns }: QuickSightDashboardProps): readonly ReportColumn[] {
  const found = columns.get(name);
  if (found !== undefined) return found;
  throw new Error(`report-columns.json does not know report ${name}; run node bin/report-columns.ts ${dataset}`);
}

function createSheet(props: QuickSightDashboardProps): CfnDashboard.SheetDefinitionProperty {
  const { dataset, reports } = props;
  const elements = reports.map(({ name }, index) => ({
    ...TILE,
    elementId: name,
    elementType: 'VISUAL',
    columnIndex: (index % TILES_ABREAST) * TILE.columnSpan,
    rowIndex: Math.floor(index / TILES_ABREAST) * TILE.rowSpan,
  }));
  return {
    sheetId: dataset,
    name: dataset,
    contentType: 'INTERACTIVE',
    visuals: reports.map((report) => reportVisual(report, columnsOf(report, props))),
    layouts: [{ configuration: { gridLayout: { elements } } }],
  };
}
