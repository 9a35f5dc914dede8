/** The app synthesised as `cdk synth` does it, with the feature flags of cdk.json, but without building bundles. */
import 'aws-cdk-lib/testhelpers/jest-autoclean';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { type DeployStage, parseConfig, type StageConfig } from '../../lib/config.ts';
import { createStacks, type Stacks } from '../../lib/stacks.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const { context } = JSON.parse(readFileSync(join(ROOT, 'cdk.json'), 'utf8'));

export const EXAMPLE: object = JSON.parse(readFileSync(join(ROOT, 'lib', 'config.example.json'), 'utf8'));

/** The example configuration, with changes. */
export function exampleConfig(stage: DeployStage, changes: object = {}): StageConfig {
  return parseConfig({ stage, file: 'example', content: { ...EXAMPLE, ...changes } });
}

export interface TestApp extends Stacks {
  readonly app: App;
}

/** `flags` override those of cdk.json. */
export function createTestApp(stage: DeployStage, changes: object = {}, flags: object = {}): TestApp {
  const app = new App({ context: { ...context, ...flags, 'aws:cdk:bundling-stacks': [] } });
  return { app, ...createStacks(app, stage, exampleConfig(stage, changes)) };
}

export interface Templates {
  readonly data: Template;
  readonly pipeline: Template;
}

/** CloudFormation's own rules take seconds, and stacks.test.ts asks them. */
export function synthesise(stage: DeployStage, changes: object = {}): Templates {
  const { data, pipeline } = createTestApp(stage, changes, { '@aws-cdk/core:validateAgainstDefaultRules': false });
  return { data: Template.fromStack(data), pipeline: Template.fromStack(pipeline) };
}

export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template is what CloudFormation makes of it
  readonly Properties: Record<string, any>;
  readonly DeletionPolicy?: string;
}

/** The resources of a type, by logical id. */
export function resourcesOf(template: Template, type: string): [string, Resource][] {
  return Object.entries(template.findResources(type)) as [string, Resource][];
}

/** The properties of the one resource of a type whose logical id begins so. */
export function propertiesOf(template: Template, type: string, id = ''): Resource['Properties'] {
  const found = resourcesOf(template, type).filter(([logicalId]) => logicalId.startsWith(id));
  if (found.length === 1 && found[0] !== undefined) return found[0][1].Properties;
  throw new Error(`${found.length} resources ${type} ${id}`);
}
