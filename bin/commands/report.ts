/** `weir report`: the answers of the warehouse to the questions of the data set, as one HTML file. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { messageOf, TerminalError, UsageError } from '../../lambdas/shared/errors.ts';
import { size } from '../page/views/elements.ts';
import { type Answer, answerReports, type Head } from '../reports/answer-reports.ts';
import { reportFile, writeInOneStep } from '../reports/report-file.ts';
import { readReports } from '../reports/report-files.ts';
import { createDisplay } from '../terminal/display.ts';
import { counted, grouped, utc } from '../terminal/words.ts';
import { addWarehouseOptions, example, openWarehouse, URL_EXAMPLE, type WarehouseOptions } from './options.ts';

interface ReportOptions extends WarehouseOptions {
  readonly out?: string;
  readonly json?: boolean;
}

export function addReport(program: Command): void {
  addWarehouseOptions(program.command('report'))
    .summary('answer the questions of the data set, as one HTML file')
    .description(
      'Asks the warehouse what is in reports/*.sql of the data set, all of one moment, and writes charts and tables to one ' +
        'HTML file that opens anywhere without a network. Changes nothing in the warehouse. A report that fails is shown in ' +
        'its place with its error; the exit code is 1 then.',
    )
    .option('--out <file>', 'where to write it (default: "<dataset>-report.html")')
    .option('--json', 'the answers as JSON on stdout, and no file')
    .addHelpText('after', example(...URL_EXAMPLE.slice(1), 'npx weir report --out monday.html'))
    .action(report);
}

async function report(options: ReportOptions): Promise<void> {
  const { dataset, warehouse } = await openWarehouse(options);
  const reports = await readReports(join(dataset.folder, 'reports'));
  const display = createDisplay();
  const asked = await display.during('report', () => answerReports({ dataset, warehouse, reports }));
  const { head, answers } = asked;
  if (head === undefined)
    throw new TerminalError(`report ${dataset.name}: the warehouse holds no batch yet; weir run loads the first`);

  if (options.json) {
    display.print(asJson(dataset.name, head, answers));
  } else {
    const path = options.out ?? `${dataset.name}-report.html`;
    const text = await reportFile({ dataset: dataset.name, head, answers, generatedAt: new Date() });
    await writeInOneStep(path, text).catch((error) => {
      throw new UsageError(`${path} cannot be written: ${messageOf(error)}`, { cause: error });
    });
    const bytes = size(Buffer.byteLength(text));
    const state = `state of the source as of ${utc(head.capturedAt)}, batch ${grouped(head.batch)}`;
    display.print(`${path}: ${counted(answers.length, 'question')}, ${bytes}, ${state}`);
  }
  refuseFailures(answers);
}

function asJson(dataset: string, head: Head, answers: readonly Answer[]): string {
  const reports = answers.map(({ report: { name, question }, ...answer }) => ({ name, question, ...answer }));
  return JSON.stringify({ dataset, ...head, reports }, undefined, 2);
}

function refuseFailures(answers: readonly Answer[]): void {
  const failures = answers.flatMap((answer) =>
    'error' in answer ? [new TerminalError(`report ${answer.report.name}: ${answer.error}`)] : [],
  );
  if (failures.length > 0) throw new AggregateError(failures);
}
