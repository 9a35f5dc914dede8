/** The end of the demo: proof that every row arrived, and what the warehouse answers. */
import { join } from 'node:path';
import type { PipelineOptions } from '../../pipeline.ts';
import { answerReports } from '../../reports/answer-reports.ts';
import { readReports } from '../../reports/report-files.ts';
import { answerAsText } from '../../reports/report-text.ts';
import type { Display } from '../../terminal/display.ts';
import { refuseDifferences } from '../../verify/refuse-differences.ts';
import { verificationAsText } from '../../verify/report.ts';
import { type Verification, verify } from '../../verify/verify.ts';

/** The reports that a terminal has room for; the page has them all. */
const SHOWN = ['best-selling-designs', 'day-of-week-pattern', 'revised-orders'];

export interface ShowOptions extends Pick<PipelineOptions, 'dataset' | 'source' | 'warehouse' | 'lake'> {
  readonly display: Display;
}

/** @returns what was proved @throws {TerminalError} if the warehouse differs from the source */
export async function show({ display, ...ends }: ShowOptions): Promise<Verification> {
  const { dataset, warehouse } = ends;
  const quiet: Display = { ...display, during: (name, work) => display.during(name, work) };
  const verification = await verify({ ...ends, display: quiet, batches: ALL_BATCHES });
  display.print(`\nEvery row, made anew from the source and compared\n\n${verificationAsText(verification)}`);
  refuseDifferences(verification);
  const reports = await readReports(join(dataset.folder, 'reports'));
  const shown = reports.filter(({ name }) => SHOWN.includes(name));
  const { answers } = await answerReports({ dataset, warehouse, reports: shown });
  for (const answer of answers) display.print(`\n${answerAsText(answer)}`);
  return verification;
}

const ALL_BATCHES = 1_000;
