/** `weir status`: how far each stage is, and what the warehouse holds. */
import type { Command } from 'commander';
import { readStatus, type StageStatus, type Status } from '../read-status.ts';
import { createDisplay } from '../terminal/display.ts';
import { describe } from '../terminal/failure.ts';
import { type Cell, drawTable } from '../terminal/table.ts';
import { age, counted, utc } from '../terminal/words.ts';
import { addWarehouseOptions, example, openWarehouse, URL_EXAMPLE, type WarehouseOptions } from './options.ts';

/** In characters; all of it is in the table weir_quarantine, and in the JSON. */
const SHOWN_OF_REASON = 100;

interface StatusOptions extends WarehouseOptions {
  readonly json?: boolean;
}

export function addStatus(program: Command): void {
  addWarehouseOptions(program.command('status'))
    .summary('how far each stage is, and what the warehouse holds')
    .description(
      'Shows the newest batch of each stage, how far it is behind the one before, and rows and quarantine. ' +
        'Reads the lake and the warehouse, changes nothing, and does not contact the source.',
    )
    .option('--json', 'the same as JSON on stdout')
    .addHelpText('after', example(...URL_EXAMPLE.slice(1), 'npx weir status --lake ./lake'))
    .action(status);
}

async function status(options: StatusOptions): Promise<void> {
  const pipeline = await openWarehouse(options);
  const display = createDisplay();
  const { status, failures } = await display.during('status', () => readStatus(pipeline));
  const json = () => JSON.stringify({ ...status, failures: failures.map(describe) }, undefined, 2);
  display.print(options.json ? json() : asText(status));
  if (failures.length > 0) throw new AggregateError(failures);
}

function asText({ dataset, stages, unreadable, tables, models, quarantine }: Status): string {
  const parts = [
    `${dataset}\n`,
    drawTable(
      ['stage', 'batch', 'state of the source', 'age', 'behind'],
      Object.entries(stages).map(([stage, head]) => [
        stage,
        ...(unreadable.some((name) => name === stage) ? ['?', 'not readable', '', ''] : stageCells(head)),
      ]),
    ),
  ];
  if (Object.keys(tables).length > 0)
    parts.push(`\n${drawTable(['table of the source', 'rows'], Object.entries(tables))}`);
  if (Object.keys(models).length > 0) {
    const rows = Object.entries(models).map(([model, state]) => [
      model,
      state.apply,
      state.current,
      state.rows,
      state.quarantined,
    ]);
    parts.push(`\n${drawTable(['table of the warehouse', 'keeps', 'current', 'rows', 'quarantined'], rows)}`);
  }
  if (quarantine.length > 0) {
    const rows = quarantine.map(({ model, stage, rows, newestBatch, newestReason }) => [
      model,
      stage,
      rows,
      newestBatch,
      newestReason.replace(/\s+/g, ' ').slice(0, SHOWN_OF_REASON),
    ]);
    parts.push(`\n${drawTable(['in quarantine', 'by', 'rows', 'newest batch', 'newest reason'], rows)}`);
  }
  return parts.join('\n');
}

function stageCells(head: StageStatus | null): Cell[] {
  if (head === null) return ['-', 'no batch', '', ''];
  const { batch, capturedAt, ageSeconds, lagBatches, lagSeconds } = head;
  const behind = lagBatches > 0 ? `${counted(lagBatches, 'batch', 'batches')}, ${age(lagSeconds)}` : '';
  return [batch, utc(capturedAt), age(ageSeconds), behind];
}
