/** `weir demo`: the whole pipeline on this machine, with a real PostgreSQL and a business that is made up. */
import { type Command, InvalidArgumentError } from 'commander';
import { runDemo } from '../local/demo/demo.ts';
import { midnight } from '../local/simulator/calendar.ts';
import { createDisplay } from '../terminal/display.ts';
import { verificationAsJson } from '../verify/report.ts';
import { addPortOption, example, wholeNumber } from './options.ts';

interface DemoCommandOptions {
  readonly days: number;
  readonly seed: number;
  readonly until: string;
  readonly serve?: boolean;
  readonly port?: number;
  readonly json?: boolean;
}

export function addDemo(program: Command): void {
  addPortOption(program.command('demo'))
    .summary('the whole pipeline on this machine, with a real PostgreSQL')
    .description(
      'Makes up two years of a business and some weekdays, carries them into a warehouse and answers reports from it. ' +
        'Everything is in ./.weir/demo, anew each time; needs no network, no Docker and no account.',
    )
    .option('--days <number>', 'weekdays after the history, each a batch', wholeNumber(0, 250), 5)
    .option('--until <date>', 'last day of the history, which begins on 2022-11-03', lastDay, '2024-11-14')
    .option('--seed <number>', 'another seed is another business', wholeNumber(0, 2 ** 31 - 1), 1)
    .option('--serve', 'at the end, let the business go on and show it as a web page, until Ctrl-C')
    .option('--json', 'what `weir verify` finds as JSON on stdout, and all else on stderr')
    .addHelpText('after', example('npx weir demo --days 20 --serve'))
    .action(demo);
}

async function demo({ serve = false, json = false, ...options }: DemoCommandOptions): Promise<void> {
  const display = createDisplay({ detail: false });
  const verification = await runDemo({
    ...options,
    serve,
    display: json ? { ...display, print: display.note } : display,
  });
  if (json) display.print(JSON.stringify(verificationAsJson(verification), undefined, 2));
}

function lastDay(date: string): string {
  if (midnight(date) > midnight('2022-11-03') && midnight(date) < midnight('2031-01-01')) return date;
  throw new InvalidArgumentError('Give a date from 2022-11-04 to 2030-12-31.');
}
