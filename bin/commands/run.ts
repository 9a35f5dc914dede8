/** `weir run`: everything that changed, from the source into the warehouse, once. */
import type { Command } from 'commander';
import { RetryableError } from '../../lambdas/shared/errors.ts';
import { type Pass, passAsJson, runPass } from '../pass.ts';
import { createPipeline } from '../pipeline.ts';
import { createDisplay } from '../terminal/display.ts';
import { listenForStop } from '../terminal/stop.ts';
import { type Cell, drawTable } from '../terminal/table.ts';
import { addPipelineOptions, example, openPipeline, type PipelineOptions, URL_EXAMPLE } from './options.ts';

interface RunOptions extends PipelineOptions {
  readonly acceptDeletes?: boolean;
  readonly json?: boolean;
}

export function addRun(program: Command): void {
  addPipelineOptions(program.command('run'))
    .summary('ingest, transform and load until caught up')
    .description('Carries every change of the source through the lake into the warehouse, then exits.')
    .option('--accept-deletes', 'let this run pass even if it deletes more than max_delete_share of a table')
    .option('--json', 'what was done as JSON on stdout')
    .addHelpText('after', example(...URL_EXAMPLE, 'npx weir run --dataset totesys --lake ./lake'))
    .action(run);
}

async function run(options: RunOptions): Promise<void> {
  const { dataset, ...ends } = await openPipeline(options);
  const display = createDisplay();
  const stop = listenForStop(() => display.note('stopping after the stage at hand; once more stops at once'));
  const { acceptDeletes = false } = options;
  const pipeline = createPipeline({ dataset, ...ends, log: display.log, acceptDeletes });

  const pass = await runPass({ pipeline, display, stop });
  display.print(options.json ? JSON.stringify(passAsJson(dataset.name, pass), undefined, 2) : summarize(pass));
  const stopped = pass.stopped ? [new RetryableError('stopped before its end; run again to go on')] : [];
  const failures = [...pass.failures.map(withOutlook), ...stopped];
  if (failures.length > 0) throw new AggregateError(failures);
}

/** What each batch did to the warehouse, model by model. */
function summarize({ loaded, failures }: Pass): string {
  const rows = loaded.flatMap(({ number, models }) =>
    Object.entries(models).map(([model, { inserted, changed, deleted, unchanged, quarantined }]): Cell[] => [
      number,
      model,
      inserted,
      changed,
      deleted,
      unchanged,
      quarantined,
    ]),
  );
  if (rows.length > 0)
    return drawTable(['batch', 'model', 'inserted', 'changed', 'deleted', 'unchanged', 'quarantined'], rows);
  return failures.length > 0 ? 'the warehouse is as before' : 'nothing changed';
}

/** Says of an error that may pass by itself what comes next, unless its message says so. */
function withOutlook(failure: unknown): unknown {
  if (!(failure instanceof RetryableError) || /run again|tries again/.test(failure.message)) return failure;
  return new RetryableError(`${failure.message}; the next run tries again`, { cause: failure });
}
