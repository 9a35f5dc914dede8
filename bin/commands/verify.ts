/** `weir verify`: whether the warehouse is what the source says, row by row. */
import type { Command } from 'commander';
import { createDisplay } from '../terminal/display.ts';
import { refuseDifferences } from '../verify/refuse-differences.ts';
import { verificationAsJson, verificationAsText } from '../verify/report.ts';
import { verify } from '../verify/verify.ts';
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
  refuseDifferences(verification);
}
