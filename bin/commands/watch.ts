/** `weir watch`: a run every few seconds, until somebody stops it, and a web page that shows it. */
import { type Command, InvalidArgumentError } from 'commander';
import { readHeads } from '../heads.ts';
import { startPage } from '../page/start-page.ts';
import { passAsJson } from '../pass.ts';
import { createPipeline } from '../pipeline.ts';
import { listenForStop } from '../terminal/stop.ts';
import { createWatchView } from '../terminal/watch-view.ts';
import { createWatch } from '../watch.ts';
import {
  addPipelineOptions,
  addPortOption,
  example,
  openPipeline,
  type PipelineOptions,
  URL_EXAMPLE,
} from './options.ts';

interface WatchCommandOptions extends PipelineOptions {
  readonly every: number;
  readonly port?: number;
  readonly json?: boolean;
}

export function addWatch(program: Command): void {
  addPortOption(addPipelineOptions(program.command('watch')))
    .summary('the same every few seconds until stopped, with a web page')
    .description(
      'Does what `weir run` does, again and again, and shows it: on the terminal, and as a web page for this machine alone. ' +
        'An unreachable server is tried again with growing pauses; an error that somebody has to mend ends it. ' +
        'Ctrl-C stops it after the stage at hand.',
    )
    .option('--every <seconds>', 'pause between two runs', positive, 5)
    .option('--json', 'a line of JSON on stdout for each run that did something')
    .addHelpText('after', example(...URL_EXAMPLE, 'npx weir watch --every 10'))
    .action(watch);
}

async function watch({ every, port, json = false, ...options }: WatchCommandOptions): Promise<void> {
  const { dataset, ...ends } = await openPipeline(options);
  const view = createWatchView();
  const stop = listenForStop(() => view.note('stopping after the stage at hand; once more stops at once'));
  const watching = createWatch({
    pipeline: createPipeline({ dataset, ...ends, log: view.log }),
    display: view,
    stop,
    every,
    onPass: (pass) => {
      view.report(pass);
      const didSomething = pass.captured !== undefined || pass.transformed.length + pass.loaded.length > 0;
      if (json && didSomething) process.stdout.write(`${JSON.stringify(passAsJson(dataset.name, pass))}\n`);
    },
  });
  const page = await startPage({ dataset, ...ends, port, activity: watching.activity });

  view.begin(
    [`watching ${dataset.name}, every ${every} s; Ctrl-C stops`, `web page for this machine: ${page.url}`],
    await readHeads({ dataset, ...ends }),
  );
  try {
    await watching.run();
  } finally {
    view.end();
    await page.close();
  }
  view.note('stopped');
}

function positive(text: string): number {
  const number = Number(text);
  if (number > 0 && number <= 24 * 60 * 60) return number;
  throw new InvalidArgumentError('Give seconds, more than 0 and at most a day.');
}
