/** `weir verify`: whether the warehouse is what the source says, row by row. */
import type { Command } from 'commander';
import { TerminalError } from '../../lambdas/shared/errors.ts';
import { sum } from '../pass.ts';
import { createDisplay } from '../terminal/display.ts';
import { counted } from '../terminal/words.ts';
import { verificationAsJson, verificationAsText } from '../verify/report.ts';
import { differencesIn, type Verification, verify } from '../verify/verify.ts';
import {
  addPipelineOptions,
  example,
  openPipeline,
  type PipelineOptions,
  URL_EXAMPLE,
  wholeNumber,
} from './options.ts';

interface VerifyOptions extends PipelineOptions {
  readonly batches: number;
  readonly json?: boolean;
}

const DEFAULT_BATCHES = 1000;

export function addVerify(program: Command): void {
  addPipelineOptions(program.command('verify'))
    .summary('compare the warehouse with the source, row by row')
    .description(
      'Recomputes every model from a fresh snapshot of the source and compares it with the present state of the warehouse. ' +
        'Rows that changed in the source since the newest batch are pending: the next batch brings them. Any other difference ' +
        'fails. Tells as well whether the column by which the source says when a row changed (last_updated in dataset.yaml) ' +
        'can be trusted.\n\n' +
        'Changes nothing. Needs SELECT on the source, SELECT and TEMPORARY on the warehouse, and reading of the lake.',
    )
    .option(
      '--batches <n>',
      'newest batches that tell about last_updated, at most',
      wholeNumber(1, 1e9),
      DEFAULT_BATCHES,
    )
    .option('--json', 'the result as JSON on stdout')
    .addHelpText('after', example(...URL_EXAMPLE, 'npx weir verify --dataset totesys --lake ./lake'))
    .action(run);
}

async function run(options: VerifyOptions): Promise<void> {
  const pipeline = await openPipeline(options);
  const display = createDisplay({ detail: false });
  const place = `verify ${pipeline.dataset.name}`;
  const verification = await verify({ ...pipeline, batches: options.batches, display }).catch((error) => {
    if (error instanceof Error) error.message = `${place}: ${error.message}`;
    throw error;
  });
  display.print(
    options.json ? JSON.stringify(verificationAsJson(verification), undefined, 2) : verificationAsText(verification),
  );
  refuseDifferences(place, verification);
}

function refuseDifferences(place: string, { tables, inseparable }: Verification): void {
  const wrong = tables.filter((table) => differencesIn(table) > 0);
  if (wrong.length === 0) return;
  const rows = sum(wrong.map(differencesIn));
  const where = `${counted(wrong.length, 'table')} (${wrong.map(({ table }) => table).join(', ')})`;
  const advice =
    inseparable === undefined
      ? 'weir rebuild makes the warehouse anew from the lake; if they differ after that too, the lake is wrong'
      : 'weir run, then verify again: some or all of them may be changes since the batch';
  throw new TerminalError(
    `${place}: ${counted(rows, 'row')} ${rows === 1 ? 'differs' : 'differ'} in ${where}; ${advice}`,
  );
}
