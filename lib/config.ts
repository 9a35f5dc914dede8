/** What one deployment is told: the choices of its stage from here, and what only its owner knows from a file. Checked before anything is built. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { TLS_MODES } from '../lambdas/shared/contract.ts';
import { ids, secretArn, text, whole } from './config-forms.ts';
import { checkQuicksight, quicksight } from './quicksight-config.ts';

export const DEPLOY_STAGES = ['dev', 'prod'] as const;
export type DeployStage = (typeof DEPLOY_STAGES)[number];

/** The configuration is missing or wrong; nothing was built. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const EXAMPLE = 'lib/config.example.json';
const EMAIL = 'write the address that alarms are mailed to: "data-team@example.com", or "none" to tell nobody';
const KEY_ARN = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/;

/** Where the functions of a private database run; from there S3 and Secrets Manager must be in reach. */
const network = z.strictObject(
  {
    vpcId: text(/^vpc-[0-9a-f]{8,17}$/, 'write the id of the VPC: vpc-0123456789abcdef0'),
    subnetIds: ids('subnet', 'write the ids of private subnets: ["subnet-0123456789abcdef0"]'),
    securityGroupIds: ids('sg', 'write the ids of security groups that may reach it: ["sg-0123456789abcdef0"]'),
  },
  {
    error: 'write an object with vpcId, subnetIds and securityGroupIds, or leave it out for a database on the internet',
  },
);

const database = z.strictObject(
  {
    /** JSON with username and password, and host, port and dbname unless they stand here. */
    secretArn: secretArn('totesys-AbCdEf'),
    /** Of the customer managed key that encrypts the secret. */
    secretKeyArn: text(KEY_ARN, 'write the ARN of the key: arn:aws:kms:eu-west-2:111122223333:key/1234abcd').optional(),
    host: text(/./, 'write its host name').optional(),
    port: whole(1, 65535, 'a port').optional(),
    name: text(/./, 'write the name of the database').optional(),
    tls: z.enum(TLS_MODES, { error: `write one of ${TLS_MODES.join(', ')}` }).default('rds'),
    network: network.optional(),
  },
  { error: 'write an object with the secretArn of the database' },
);

const stageConfig = z.strictObject({
  region: text(/^[a-z]{2}(-[a-z]+)+-\d$/, 'write the AWS region to deploy to: "eu-west-2"'),
  /** Who is told of an alarm. */
  alarmEmail: z.union([z.literal('none'), z.email({ error: EMAIL })], { error: EMAIL }),
  /** Where the headings of the runbook can be opened; alarms link to it. */
  runbookUrl: z.url({ error: 'write the URL under which lib/RUNBOOK.md can be read' }).optional(),
  /** One line for every data set: the folder below sql/ and its source. */
  datasets: z
    .record(text(/^[a-z][a-z0-9_]*$/, 'name a folder of sql/'), z.strictObject({ source: database }), {
      error: 'write the data sets: { "totesys": { "source": { "secretArn": "arn:…" } } }',
    })
    .refine((datasets) => Object.keys(datasets).length > 0, { error: 'name at least one data set' }),
  warehouse: z.union([z.literal('new'), database], {
    error: 'write "new" for a PostgreSQL of its own, or { "secretArn": "arn:…" } of one that you have',
  }),
  /** How often the source is polled. */
  scheduleMinutes: whole(1, 60, 'minutes'),
  /** Reserves concurrency for one ingest. False where the account's quota has none to spare: of two runs at once one is turned away by the lake. */
  oneIngestAtATime: z.boolean({ error: 'write true or false' }),
  /** False: everything goes with the stacks. True: data outlives them, and no one can delete an object of the lake. */
  keepData: z.boolean({ error: 'write true or false' }),
  logDays: z.literal([1, 3, 5, 7, 14, 30, 60, 90, 180, 365], {
    error: 'write 1, 3, 5, 7, 14, 30, 60, 90, 180 or 365: the days that logs are kept',
  }),
  /** Days for which an overwritten object of the lake can be brought back. */
  oldVersionDays: whole(1, 365, 'days'),
  /** The warehouse that we make; of no effect on an existing one. */
  newWarehouse: z.strictObject({
    instance: text(/^[a-z0-9]+\.[a-z0-9]+$/, 'write an instance type of RDS without its "db.": "t4g.micro"'),
    gigabytes: whole(20, 16_384, 'gigabytes'),
    /** RDS grows the storage up to this size. */
    maxGigabytes: whole(20, 65_536, 'gigabytes'),
    multiAz: z.boolean({ error: 'write true or false' }),
    backupDays: whole(1, 35, 'days'),
  }),
  /** Bytes that one Athena query may scan, in GB: 1,000 GB cost 5 USD. */
  queryGigabytes: whole(1, 7_000, 'gigabytes'),
  /** Of the functions' processor; arm64 costs a fifth less. */
  architecture: z.enum(['arm64', 'x86_64'], { error: 'write "arm64" or "x86_64"' }),
  /** Dashboards of the reports. @default - none */
  quicksight: quicksight.optional(),
});

export type StageConfig = z.infer<typeof stageConfig>;
export type DatabaseConfig = z.infer<typeof database>;

/** What the file must say, because nobody else can know it. */
type OwnersPart = 'region' | 'alarmEmail' | 'runbookUrl' | 'datasets' | 'warehouse' | 'quicksight';

/** What each stage decides; the file may decide otherwise. */
const CHOICES: Readonly<Record<DeployStage, Omit<StageConfig, OwnersPart>>> = {
  dev: {
    scheduleMinutes: 3,
    oneIngestAtATime: true,
    keepData: false,
    logDays: 7,
    oldVersionDays: 1,
    newWarehouse: { instance: 't4g.micro', gigabytes: 20, maxGigabytes: 50, multiAz: false, backupDays: 1 },
    queryGigabytes: 10,
    architecture: 'arm64',
  },
  prod: {
    scheduleMinutes: 3,
    oneIngestAtATime: true,
    keepData: true,
    logDays: 90,
    oldVersionDays: 30,
    newWarehouse: { instance: 't4g.small', gigabytes: 20, maxGigabytes: 200, multiAz: false, backupDays: 14 },
    queryGigabytes: 100,
    architecture: 'arm64',
  },
};

/** @throws {ConfigError} unless it is one of {@link DEPLOY_STAGES} */
export function readStage(stage: unknown): DeployStage {
  const known = DEPLOY_STAGES.find((name) => name === stage);
  if (known !== undefined) return known;
  throw new ConfigError(
    `stage ${JSON.stringify(stage)} is unknown: pass -c stage=${DEPLOY_STAGES.join(' or -c stage=')} (to make: STAGE=…)`,
  );
}

export interface ReadConfigOptions {
  readonly stage: DeployStage;
  /** @default - lib/config.<stage>.json */
  readonly file?: string;
}

/** @throws {ConfigError} naming the file, every key that is wrong, and what to write there */
export function readConfig({ stage, file = `lib/config.${stage}.json` }: ReadConfigOptions): StageConfig {
  const path = resolve(import.meta.dirname, '..', file);
  if (!existsSync(path)) {
    throw new ConfigError(
      `${file} is missing: copy ${EXAMPLE} to it and write in what is yours, or pass -c config=<file>`,
    );
  }
  return parseConfig({ stage, file, content: parseJson(file, readFileSync(path, 'utf8')) });
}

function parseJson(file: string, content: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    throw new ConfigError(`${file} is not JSON: ${error instanceof Error ? error.message : error}`);
  }
}

/** @throws {ConfigError} as {@link readConfig} */
export function parseConfig({
  stage,
  file,
  content,
}: {
  stage: DeployStage;
  file: string;
  content: unknown;
}): StageConfig {
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw new ConfigError(`${file} must hold one JSON object, as ${EXAMPLE} does`);
  const result = stageConfig.superRefine(checkQuicksight).safeParse({ ...CHOICES[stage], ...content });
  if (result.success) return result.data;
  const complaints = result.error.issues.map(complaint);
  throw new ConfigError(
    `${file} is refused:\n${complaints.map((line) => `  ${line}`).join('\n')}\n${EXAMPLE} shows every key`,
  );
}

function complaint(issue: z.core.$ZodIssue): string {
  const key = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') return `${key}: ${issue.message}`;
  return `${[...issue.path, issue.keys[0]].join('.')}: there is no such key`;
}
