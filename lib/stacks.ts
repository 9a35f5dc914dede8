/** The stacks of one stage: data that stays, and the pipelines that can be rebuilt around it. */
import { type App, Tags } from 'aws-cdk-lib';
import type { DeployStage, StageConfig } from './config.ts';
import { DataStack } from './data-stack.ts';
import { PipelineStack } from './pipeline-stack.ts';

export interface Stacks {
  readonly data: DataStack;
  readonly pipeline: PipelineStack;
}

/** The account is left open: it is that of whoever deploys, so nothing has to be asked of AWS to synthesise. */
export function createStacks(app: App, stage: DeployStage, config: StageConfig): Stacks {
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
  Tags.of(app).add('project', 'weir');
  Tags.of(app).add('stage', stage);
  return { data, pipeline };
}
