/** The CDK app: `npx cdk synth -c stage=dev`. */
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ConfigError, readConfig, readStage } from '../lib/config.ts';
import { createStacks } from '../lib/stacks.ts';

const app = new App();
try {
  const stage = readStage(app.node.tryGetContext('stage'));
  createStacks(app, stage, readConfig({ stage, file: app.node.tryGetContext('config') }));
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
