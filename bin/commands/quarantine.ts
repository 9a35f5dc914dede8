/** `weir quarantine`: the rows that broke a contract, why they did, and another try for those that wait for the warehouse. */
import type { Command } from 'commander';
import { type RetriedModel, retryWaiting } from '../../lambdas/load/retry.ts';
import type { Dataset } from '../../lambdas/shared/dataset.ts';
import { UsageError } from '../../lambdas/shared/errors.ts';
import type { Connect, Session } from '../../lambdas/shared/session.ts';
import {
  type QuarantinedRow,
  type QuarantinedRows,
  type QuarantineGroup,
  readQuarantineGroups,
  readQuarantineRows,
} from '../quarantine.ts';
import { createDisplay } from '../terminal/display.ts';
import { drawTable } from '../terminal/table.ts';
import { counted } from '../terminal/words.ts';
import {
  addWarehouseOptions,
  example,
  openWarehouse,
  URL_EXAMPLE,
  type WarehouseOptions,
  wholeNumber,
} from './options.ts';

interface ListOptions extends WarehouseOptions {
  readonly model?: string;
  readonly json?: boolean;
}

interface ShowOptions extends ListOptions {
  readonly batch?: number;
  readonly limit: number;
}

/** In characters; `show` gives all of it. */
const SHOWN_OF_REASON = 100;

export function addQuarantine(program: Command): void {
  const quarantine = program
    .command('quarantine')
    .summary('rows that broke a contract, and another try')
    .description('Shows which rows wait in quarantine and why, and tries again those that wait for the warehouse.')
    .addHelpText('after', example(...URL_EXAMPLE.slice(1), 'npx weir quarantine list'));
  addQuarantineOptions(quarantine.command('list'))
    .summary('what waits, summed up by reason')
    .description('Shows how many rows wait for what, and which batches brought them. Changes nothing.')
    .addHelpText('after', example(...URL_EXAMPLE.slice(1), 'npx weir quarantine list'))
    .action(list);
  addQuarantineOptions(quarantine.command('show'))
    .summary('the rows in full')
    .description('Shows the rows with all their columns, the newest batch first. Changes nothing.')
    .option('--batch <n>', 'only rows that this batch brought', wholeNumber(1, 1e12))
    .option('--limit <n>', 'rows to show at most', wholeNumber(1, 1e6), 20)
    .addHelpText('after', example(...URL_EXAMPLE.slice(1), 'npx weir quarantine show --model fact_payment --limit 3'))
    .action(show);
  addQuarantineOptions(quarantine.command('retry'))
    .summary('try again what waits for the warehouse')
    .description(
      'Every batch tries again the rows of stage load, which wait for a constraint of the warehouse; this does so now, ' +
        'after migrations that are not applied yet, in one transaction. Rows of stage transform come back by themselves ' +
        'when their source row or the model changes.',
    )
    .addHelpText('after', example(...URL_EXAMPLE.slice(1), 'npx weir quarantine retry --model fact_payment'))
    .action(retry);
}

/** The lake is not read: its option is taken so that all options of `weir status` can be given as they are. */
function addQuarantineOptions(command: Command): Command {
  addWarehouseOptions(command)
    .options.find(({ long }) => long === '--lake')
    ?.hideHelp();
  return command.option('--model <name>', 'only rows of this model').option('--json', 'the same as JSON on stdout');
}

async function open(options: ListOptions): Promise<{ dataset: Dataset; warehouse: Connect }> {
  const { dataset, warehouse } = await openWarehouse(options);
  const models = dataset.models.map(({ name }) => name);
  if (options.model !== undefined && !models.includes(options.model)) {
    throw new UsageError(
      `there is no model ${JSON.stringify(options.model)} in ${dataset.name}; valid: ${models.join(', ')}`,
    );
  }
  return { dataset, warehouse };
}

/** Reads in one snapshot, from a server that holds us to reading. */
async function readOnly<Result>(connect: Connect, read: (session: Session) => Promise<Result>): Promise<Result> {
  const session = await connect();
  try {
    await session.query('begin isolation level repeatable read read only');
    return await read(session);
  } finally {
    await session.end();
  }
}

async function list(options: ListOptions): Promise<void> {
  const { dataset, warehouse } = await open(options);
  const display = createDisplay();
  const groups = await display.during('quarantine', () =>
    readOnly(warehouse, (session) => readQuarantineGroups(session, dataset, options)),
  );
  display.print(options.json ? asJson({ dataset: dataset.name, groups }) : listAsText(groups));
}

function listAsText(groups: readonly QuarantineGroup[]): string {
  const [largest] = groups;
  if (largest === undefined) return 'nothing is in quarantine';
  const rows = groups.map(({ model, stage, reason, rows, firstBatch, lastBatch }) => [
    model,
    stage,
    rows,
    firstBatch === lastBatch ? `${firstBatch}` : `${firstBatch}–${lastBatch}`,
    brief(reason),
  ]);
  return [
    drawTable(['model', 'stage', 'rows', 'batches', 'reason'], rows),
    `\nthe rows in full: weir quarantine show --model ${largest.model}`,
    ...adviceOn(groups),
  ].join('\n');
}

async function show(options: ShowOptions): Promise<void> {
  const { dataset, warehouse } = await open(options);
  const display = createDisplay();
  const found = await display.during('quarantine', () =>
    readOnly(warehouse, (session) => readQuarantineRows(session, dataset, options)),
  );
  display.print(options.json ? asJson({ dataset: dataset.name, ...found }) : rowsAsText(found));
}

function rowsAsText({ total, rows }: QuarantinedRows): string {
  if (total === 0) return 'no such row is in quarantine';
  const rest = total > rows.length ? [`${rows.length} of ${counted(total, 'row')}; --limit ${total} shows all`] : [];
  return [...rows.map(rowAsText), ...rest].join('\n\n');
}

function rowAsText({ model, key, batch, stage, reason, sourceTable, row }: QuarantinedRow): string {
  const width = Math.max(...Object.keys(row).map(({ length }) => length));
  const values = Object.entries(row).map(
    ([name, value]) => `  ${name.padEnd(width)}  ${value === null ? 'null' : JSON.stringify(value)}`,
  );
  const place = sourceTable === null ? '' : `, a row of the source table ${sourceTable}`;
  return [`${model} ${key?.join(', ') ?? '(key unknown)'}, batch ${batch}, ${stage}${place}`, reason, ...values].join(
    '\n',
  );
}

async function retry(options: ListOptions): Promise<void> {
  const { dataset, warehouse } = await open(options);
  const display = createDisplay();
  const models = await display.during('quarantine', () =>
    retryWaiting({ dataset, connect: warehouse, model: options.model }),
  );
  const groups = await readOnly(warehouse, (session) => readQuarantineGroups(session, dataset, options));
  display.print(options.json ? asJson({ dataset: dataset.name, models, groups }) : retriedAsText(models, groups));
}

function retriedAsText(models: readonly RetriedModel[], groups: readonly QuarantineGroup[]): string {
  const rows = models.map(({ model, returned, waiting }) => {
    const reasons = groups.filter((group) => group.model === model && group.stage === 'load');
    return [model, returned, waiting, reasons.map(({ reason }) => brief(reason)).join('; ')];
  });
  return [
    rows.length === 0
      ? 'no row waits for a constraint of the warehouse'
      : drawTable(['model', 'came back', 'still waiting', 'why'], rows),
    ...adviceOn(groups),
  ].join('\n');
}

/** What brings back the rows that are left. */
function adviceOn(groups: readonly QuarantineGroup[]): string[] {
  const count = (wanted: string) =>
    groups.filter(({ stage }) => stage === wanted).reduce((sum, { rows }) => sum + rows, 0);
  const [load, transform] = [count('load'), count('transform')];
  return [
    ...(load === 0
      ? []
      : [
          `stage load, ${counted(load, 'row')}: the warehouse refuses them; mend the source, or the constraint in a migration. ` +
            'Every batch tries them again, weir quarantine retry does so now',
        ]),
    ...(transform === 0
      ? []
      : [
          `stage transform, ${counted(transform, 'row')}: the model fails on them; mend the source row or the model, and weir run brings them back`,
        ]),
  ];
}

function brief(reason: string): string {
  return reason.replace(/\s+/g, ' ').slice(0, SHOWN_OF_REASON);
}

function asJson(value: object): string {
  return JSON.stringify(value, undefined, 2);
}
