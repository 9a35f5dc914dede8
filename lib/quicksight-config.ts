/** The key `quicksight` of the configuration: who owns the dashboards, and with whose rights they read. Left out, there are none. */
import { z } from 'zod';
import { secretArn, text } from './config-forms.ts';

const PRINCIPAL_ARN = /^arn:aws[a-z-]*:quicksight:[a-z0-9-]+:\d{12}:(user|group)\/[^/\s]+\/\S+$/;

export const quicksight = z.strictObject(
  {
    /** The user or group that owns the dashboards and may share them. */
    principalArn: text(
      PRINCIPAL_ARN,
      'write the ARN of the user or group of QuickSight that gets the dashboard: arn:aws:quicksight:eu-west-2:111122223333:user/default/name',
    ),
    /** By data set: username and password of the warehouse's role that may only read it. */
    secretArns: z
      .record(z.string(), secretArn('analyst-AbCdEf'), {
        error: 'write the secret of a read-only role for each data set: { "totesys": "arn:…" }',
      })
      .refine((secrets) => Object.keys(secrets).length > 0, { error: 'name at least one data set' }),
  },
  { error: 'write an object with principalArn and secretArns, or leave it out to have no QuickSight' },
);

/** What the check looks at of the whole configuration. */
interface Deployment {
  readonly quicksight?: z.infer<typeof quicksight>;
  readonly datasets: Readonly<Record<string, unknown>>;
  readonly warehouse:
    | 'new'
    | {
        readonly host?: string;
        readonly name?: string;
        readonly network?: { readonly subnetIds: readonly string[] };
      };
}

/** Complains of what QuickSight needs of the other keys. */
export function checkQuicksight(config: Deployment, context: z.RefinementCtx): void {
  const { quicksight: asked, datasets, warehouse } = config;
  if (asked === undefined) return;
  const refuse = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
  for (const dataset of Object.keys(asked.secretArns))
    if (datasets[dataset] === undefined) refuse(['quicksight', 'secretArns', dataset], 'datasets has no such data set');
  if (warehouse === 'new') return;
  if (warehouse.host === undefined)
    refuse(['warehouse', 'host'], 'write its host name: QuickSight does not read it from the secret');
  if (warehouse.name === undefined)
    refuse(['warehouse', 'name'], 'write the name of the database: QuickSight does not read it from the secret');
  if (warehouse.network?.subnetIds.length === 1)
    refuse(['warehouse', 'network', 'subnetIds'], 'write a second one, in another availability zone, for QuickSight');
}
