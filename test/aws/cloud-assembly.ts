/** What `cdk synth` wrote: its templates, and in them the functions with their packages on disk. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { STAGES, type Stage } from '../../lambdas/shared/contract.ts';
import { ASSEMBLY } from './cdk.ts';

export const STACKS = ['weir-dev-data', 'weir-dev-pipeline'] as const;
export type StackName = (typeof STACKS)[number];

interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
  readonly Metadata?: Readonly<Record<string, string>>;
}

export interface Template {
  readonly Resources: Record<string, Resource>;
}

export interface FunctionPackage {
  /** Where its code is, unpacked. */
  readonly folder: string;
  /** Where its layer is, unpacked: what Lambda puts into /opt. */
  readonly layer: string;
  /** Variables whose values the template knows; those that it takes from other resources are left out. */
  readonly environment: Readonly<Record<string, string>>;
  readonly memoryMegabytes: number;
}

export function readTemplate(stack: StackName): Template {
  return JSON.parse(readFileSync(templateFile(stack), 'utf8'));
}

export function writeTemplate(stack: StackName, template: Template): void {
  writeFileSync(templateFile(stack), JSON.stringify(template));
}

export function readFunction(stage: Stage): FunctionPackage {
  const resources = Object.values(readTemplate('weir-dev-pipeline').Resources);
  const created = resources.find(
    ({ Type, Metadata }) =>
      Type === 'AWS::Lambda::Function' && Metadata?.['aws:cdk:path']?.includes(`/totesys/${stage}/`),
  );
  const layer = resources.find(({ Type }) => Type === 'AWS::Lambda::LayerVersion');
  if (created === undefined || layer === undefined)
    throw new Error(`the template has no function or no layer for ${stage}; the stages are ${STAGES}`);
  const { Environment, MemorySize } = created.Properties as {
    Environment: { Variables: Record<string, unknown> };
    MemorySize: number;
  };
  const known = Object.entries(Environment.Variables).filter(
    (variable): variable is [string, string] => typeof variable[1] === 'string',
  );
  return {
    folder: assetOf(created),
    layer: assetOf(layer),
    environment: Object.fromEntries(known),
    memoryMegabytes: MemorySize,
  };
}

function templateFile(stack: StackName): string {
  return join(ASSEMBLY, `${stack}.template.json`);
}

function assetOf({ Metadata }: Resource): string {
  return join(ASSEMBLY, Metadata?.['aws:asset:path'] ?? '');
}
