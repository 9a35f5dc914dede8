/** What all commands on a pipeline share: which data set, which databases, which lake. */
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Dataset } from '../../lambdas/shared/dataset.ts';
import { UsageError } from '../../lambdas/shared/errors.ts';
import { openLake } from '../../lambdas/shared/lake.ts';
import type { Lake } from '../../lambdas/shared/object-store.ts';
import { assertPostgresUrl, connect } from '../../lambdas/shared/postgres.ts';
import type { Connect } from '../../lambdas/shared/session.ts';
import { readDataset, SQL_FOLDER } from '../pipeline.ts';

export interface WarehouseOptions {
  readonly dataset: string;
  readonly warehouse?: string;
  readonly lake: string;
}

export interface PipelineOptions extends WarehouseOptions {
  readonly source?: string;
}

const DATASET = 'totesys';
const LAKE = 'lake';

/** Adds the options of a command that looks at the lake and the warehouse. */
export function addWarehouseOptions(command: Command): Command {
  return command
    .option('--dataset <name>', 'a folder of sql/, or the path of one elsewhere', DATASET)
    .addOption(new Option('--warehouse <url>', 'PostgreSQL URL of the warehouse').env('WEIR_WAREHOUSE_URL'))
    .option('--lake <address>', 'a folder, or s3://ingestion-bucket,s3://processed-bucket', LAKE);
}

/** Adds the options of a command that also reads the source. */
export function addPipelineOptions(command: Command): Command {
  command.addOption(new Option('--source <url>', 'PostgreSQL URL of the source').env('WEIR_SOURCE_URL'));
  return addWarehouseOptions(command);
}

/** A paragraph for `--help` on how to call the command. */
export function example(...lines: readonly string[]): string {
  return `\nExample:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

/** Parses an option that is a whole number within these limits. */
export function wholeNumber(from: number, to: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= from && number <= to) return number;
    throw new InvalidArgumentError(`Give a whole number from ${from} to ${to}.`);
  };
}

/** Adds the option of a command that serves the web page. */
export function addPortOption(command: Command): Command {
  return command.option(
    '--port <number>',
    'port of the web page; without it 4747, or another if that is taken',
    wholeNumber(1, 65_535),
  );
}

export const URL_EXAMPLE: readonly string[] = [
  'export WEIR_SOURCE_URL=postgres://weir:password@db.example:5432/totesys',
  'export WEIR_WAREHOUSE_URL=postgres://loader:password@warehouse.example:5432/warehouse',
];

/** What the options name, opened. @throws {UsageError} if one of them cannot be right; nothing was contacted then */
export async function openWarehouse(
  options: WarehouseOptions,
): Promise<{ dataset: Dataset; lake: Lake; warehouse: Connect }> {
  const warehouse = connectTo('warehouse', options.warehouse);
  const lake = openLake(options.lake);
  return { dataset: await openDataset(options.dataset), lake, warehouse };
}

/** As `openWarehouse`, and the source. @throws {UsageError} */
export async function openPipeline(
  options: PipelineOptions,
): Promise<{ dataset: Dataset; lake: Lake; source: Connect; warehouse: Connect }> {
  const source = connectTo('source', options.source);
  return { source, ...(await openWarehouse(options)) };
}

function connectTo(role: 'source' | 'warehouse', url: string | undefined): Connect {
  if (url === undefined || url === '')
    throw new UsageError(`no ${role}: give --${role}, or set WEIR_${role.toUpperCase()}_URL`);
  assertPostgresUrl(url, role);
  return () => connect({ url, role });
}

async function openDataset(name: string): Promise<Dataset> {
  if (/[/\\]/.test(name)) return readDataset(resolve(name));
  const known = readdirSync(SQL_FOLDER).filter((folder) => existsSync(join(SQL_FOLDER, folder, 'dataset.yaml')));
  if (known.includes(name)) return readDataset(join(SQL_FOLDER, name));
  throw new UsageError(
    `there is no data set ${JSON.stringify(name)}; valid: ${known.join(', ')}, or the path of a folder with a dataset.yaml`,
  );
}
