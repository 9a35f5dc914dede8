/** The stacks of one stage: data that stays, the pipelines that can be rebuilt around it, and dashboards if they are asked for. */
import { type App, Tags } from 'aws-cdk-lib';
import type { DeployStage, StageConfig } from './config.ts';
import { DataStack } from './data-stack.ts';
import { PipelineStack } from './pipeline-stack.ts';
import { type DatasetReports, QuickSightStack } from './quicksight-stack.ts';

export interface Stacks {
  readonly data: DataStack;
  readonly pipeline: PipelineStack;
  /** Undefined unless the configuration asks for it. */
  readonly quicksight?: QuickSightStack;
}

/**
 * The account is left open: it is that of whoever deploys, so nothing has to be asked of AWS to synthesise.
 * `reports` are those of the data sets that QuickSight shows.
 */
export function createStacks(
  app: App,
  stage: DeployStage,
  config: StageConfig,
  reports: ReadonlyMap<string, DatasetReports> = new Map(),
): Stacks {
  const prefix = `weir-${stage}`;
  const env = { region: config.region };
  const data = new DataStack(app, `${prefix}-data`, {
    config,
    env,
    description: `Weir ${stage}: the lake and the warehouse`,
  });
  const pipeline = new PipelineStack(app, `${prefix}-pipeline`, {
    config,
    prefix,
    data,
    env,
    description: `Weir ${stage}: from the source to the warehouse`,
  });
  const { quicksight } = config;
  const dashboards =
    quicksight === undefined
      ? undefined
      : new QuickSightStack(app, `${prefix}-quicksight`, {
          config: { ...config, quicksight },
          prefix,
          data,
          reports,
          env,
          description: `Weir ${stage}: dashboards of the reports`,
        });
  Tags.of(app).add('project', 'weir');
  Tags.of(app).add('stage', stage);
  return { data, pipeline, quicksight: dashboards };
}
