/** `weir rebuild`: a fresh warehouse from the lake alone, in place of the running one. */
import type { Command } from 'commander';
import type { Dataset } from '../../lambdas/shared/dataset.ts';
import { identifier } from '../../lambdas/shared/postgres.ts';
import { rebuild } from '../rebuild/rebuild.ts';
import type { Swapped } from '../rebuild/swap.ts';
import { createDisplay } from '../terminal/display.ts';
import { drawTable } from '../terminal/table.ts';
import { addWarehouseOptions, example, openWarehouse, URL_EXAMPLE, type WarehouseOptions } from './options.ts';

interface RebuildOptions extends WarehouseOptions {
  readonly json?: boolean;
}

export function addRebuild(program: Command): void {
  addWarehouseOptions(program.command('rebuild'))
    .summary('a fresh warehouse from the lake alone, then swapped in')
    .description(
      'Loads every batch of the lake, history and record ids included, into <schema>_rebuild, counts how it differs from the ' +
        'running warehouse, and swaps the two in one transaction, grants and owners included. The running one is kept as ' +
        '<schema>_before; one that an earlier rebuild left there is dropped. Differences do not stop the swap: a rebuild repairs ' +
        'a damaged warehouse. Until the swap the running warehouse stays as it is, and loads go on. The source is never contacted.',
    )
    .option('--json', 'the differences as JSON on stdout')
    .addHelpText('after', example(...URL_EXAMPLE.slice(1), 'npx weir rebuild --lake ./lake'))
    .action(run);
}

async function run({ json = false, ...options }: RebuildOptions): Promise<void> {
  const { dataset, lake, warehouse } = await openWarehouse(options);
  const display = createDisplay();
  const swapped = await display.during('rebuild', () => rebuild({ dataset, lake, warehouse, log: display.log }));
  display.print(json ? asJson(dataset, swapped) : asText(dataset, swapped));
}

function asText(dataset: Dataset, swapped: Swapped): string {
  const { schema } = dataset.warehouse;
  const { batch, before, tables } = swapped;
  const rows = tables.map(({ table, rows, onlyRunning, onlyRebuilt }) => [table, rows, onlyRunning, onlyRebuilt]);
  const [different] = tables.filter(({ onlyRunning, onlyRebuilt }) => onlyRunning + onlyRebuilt > 0);
  return [
    drawTable(['table', 'rows', 'only running', 'only rebuilt'], rows),
    '',
    ...(batch.running !== null && batch.running < batch.rebuilt
      ? [
          `the running one was at batch ${batch.running}, the rebuilt one is at ${batch.rebuilt}: what came between is counted too`,
        ]
      : []),
    ...(before === null
      ? [`there was no schema ${schema}: it is the rebuilt one, at batch ${batch.rebuilt}`]
      : [
          `swapped: ${schema} is the rebuilt one, ${before} the old`,
          `look at the old: select * from ${identifier(before)}.${identifier((different ?? tables[0])?.table ?? '')} limit 10`,
          `drop the old: drop schema ${identifier(before)} cascade`,
        ]),
  ].join('\n');
}

function asJson({ name, warehouse: { schema } }: Dataset, { batch, before, tables }: Swapped): string {
  return JSON.stringify({ dataset: name, schema, before, batch, tables }, undefined, 2);
}
