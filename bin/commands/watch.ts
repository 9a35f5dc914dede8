/** `weir watch`: a run every few seconds, until somebody stops it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { RetryableError } from '../../lambdas/shared/errors.ts';
import { runPass } from '../pass.ts';
import { createPipeline } from '../pipeline.ts';
import { createDisplay } from '../terminal/display.ts';
import { describe } from '../terminal/failure.ts';
import { listenForStop } from '../terminal/stop.ts';
import { addPipelineOptions, example, openPipeline, type PipelineOptions, URL_EXAMPLE } from './options.ts';

interface WatchOptions extends PipelineOptions {
  readonly every: number;
}

/** The longest pause after an error that may pass by itself, in seconds, unless `--every` is longer. */
const LONGEST_PAUSE = 60;

export function addWatch(program: Command): void {
  addPipelineOptions(program.command('watch'))
    .summary('the same every few seconds until stopped')
    .description(
      'Does what `weir run` does, again and again. An unreachable server is tried again with growing pauses; ' +
        'an error that somebody has to mend ends it. Ctrl-C stops it after the stage at hand.',
    )
    .option('--every <seconds>', 'pause between two runs', positive, 5)
    .addHelpText('after', example(...URL_EXAMPLE, 'npx weir watch --every 10'))
    .action(watch);
}

async function watch({ every, ...options }: WatchOptions): Promise<void> {
  const { dataset, ...ends } = await openPipeline(options);
  const display = createDisplay();
  const stop = listenForStop(() => display.note('stopping after the stage at hand; once more stops at once'));
  const pipeline = createPipeline({ dataset, ...ends, log: display.log });

  display.note(`watching ${dataset.name}, every ${every} s; Ctrl-C stops`);
  let pause = every;
  while (!stop.aborted) {
    const { failures } = await runPass({ pipeline, display, stop });
    if (failures.some((failure) => !(failure instanceof RetryableError))) throw new AggregateError(failures);
    pause = failures.length === 0 ? every : Math.min(pause * 2, Math.max(every, LONGEST_PAUSE));
    for (const failure of failures) display.note(`weir: ${describe(failure)}; trying again in ${pause} s`);
    await display.during('waiting', () => sleep(pause * 1000, undefined, { signal: stop }).catch(() => undefined));
  }
  display.note('stopped');
}

function positive(text: string): number {
  const number = Number(text);
  if (number > 0 && number <= 24 * 60 * 60) return number;
  throw new InvalidArgumentError('Give seconds, more than 0 and at most a day.');
}
