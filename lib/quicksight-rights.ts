/** What the owner of the dashboard may do. QuickSight takes actions only in the sets that its own console knows: user or owner. */
import type { aws_quicksight as quicksight } from 'aws-cdk-lib';

/** Changing them is this stack's. */
const USE_DATA_SOURCE = ['DescribeDataSource', 'DescribeDataSourcePermissions', 'PassDataSource'];
const USE_DATA_SET = [
  'DescribeDataSet',
  'DescribeDataSetPermissions',
  'DescribeIngestion',
  'ListIngestions',
  'PassDataSet',
];
/** To share is a right of owners. */
const OWN_DASHBOARD = [
  'DeleteDashboard',
  'DescribeDashboard',
  'DescribeDashboardPermissions',
  'ListDashboardVersions',
  'QueryDashboard',
  'UpdateDashboard',
  'UpdateDashboardPermissions',
  'UpdateDashboardPublishedVersion',
];

type Permissions = quicksight.CfnDashboard.ResourcePermissionProperty[];

export const mayUseDataSource = (principal: string) => permissions(principal, USE_DATA_SOURCE);
export const mayUseDataSet = (principal: string) => permissions(principal, USE_DATA_SET);
export const ownsDashboard = (principal: string) => permissions(principal, OWN_DASHBOARD);

function permissions(principal: string, actions: readonly string[]): Permissions {
  return [{ principal, actions: actions.map((action) => `quicksight:${action}`) }];
}
