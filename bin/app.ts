/** The CDK app: `npx cdk synth -c stage=dev`. */
import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ConfigError, readConfig, readStage } from '../lib/config.ts';
import { readReportColumns } from '../lib/quicksight-columns.ts';
import type { DatasetReports } from '../lib/quicksight-stack.ts';
import { createStacks } from '../lib/stacks.ts';
import { readReports } from './reports/report-files.ts';

const app = new App();
try {
  const stage = readStage(app.node.tryGetContext('stage'));
  const config = readConfig({ stage, file: app.node.tryGetContext('config') });
  const reports = new Map<string, DatasetReports>();
  for (const dataset of Object.keys(config.quicksight?.secretArns ?? {})) {
    const folder = join(import.meta.dirname, '..', 'sql', dataset, 'reports');
    reports.set(dataset, { reports: await readReports(folder), columns: readReportColumns(dataset) });
  }
  createStacks(app, stage, config, reports);
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
