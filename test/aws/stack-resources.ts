/** What a stack really created, as CloudFormation tells it. */
import { sendSigned } from './signed-request.ts';

export interface StackResource {
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  readonly status: string;
}

export async function describeStackResources(stack: string): Promise<StackResource[]> {
  const form = { Action: 'DescribeStackResources', Version: '2010-05-15', StackName: stack };
  const document = await sendSigned({ service: 'cloudformation', form });
  return [...document.matchAll(/<member>(.*?)<\/member>/gs)].map(([, member = '']) => ({
    logicalId: textOf(member, 'LogicalResourceId'),
    physicalId: textOf(member, 'PhysicalResourceId'),
    type: textOf(member, 'ResourceType'),
    status: textOf(member, 'ResourceStatus'),
  }));
}

function textOf(document: string, element: string): string {
  return new RegExp(`<${element}>(.*?)</${element}>`).exec(document)?.[1] ?? '';
}
