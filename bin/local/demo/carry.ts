/** The working part of the demo: the history as the first batch, then day after day, each shown as it arrives. */
import type { Session } from '../../../lambdas/shared/session.ts';
import type { Pipeline } from '../../pipeline.ts';
import type { Display } from '../../terminal/display.ts';
import { type Cell, drawTable } from '../../terminal/table.ts';
import { grouped } from '../../terminal/words.ts';
import type { Simulator } from '../simulator/simulator.ts';
import { type Episode, NEW_COLUMN, passDays } from './days.ts';
import { runTimedBatch, type TimedBatch } from './timed-batch.ts';

export interface CarryOptions {
  readonly business: Session;
  readonly simulator: Simulator;
  readonly pipeline: Pipeline;
  /** Last day of the history, `yyyy-mm-dd`. */
  readonly until: string;
  /** Weekdays after it. */
  readonly days: number;
  readonly display: Display;
}

/** Lets the business happen and carries it into the warehouse. */
export async function carry({ business, simulator, pipeline, until, days, display }: CarryOptions): Promise<void> {
  await display.during('history', () => simulator.loadHistory({ until }));
  const first = await runTimedBatch(pipeline, display);
  const speeds = first.stages.map(({ name, rows, milliseconds }): Cell[] => [
    name,
    rows,
    (milliseconds / 1000).toFixed(2),
    Math.round(rows / (milliseconds / 1000)),
  ]);
  const title = `Batch 1: everything up to ${until}`;
  display.print(`${title}\n\n${drawTable(['stage', 'rows', 'seconds', 'rows/s'], speeds, [false, true, true, true])}`);

  if (days > 0) display.print(`\nThe weekdays after\n\n${dayLine(HEADINGS)}\n${'─'.repeat(dayLine(HEADINGS).length)}`);
  let widened: TimedBatch | undefined;
  for await (const episode of passDays({ simulator, business, days })) {
    const batch = await runTimedBatch(pipeline, display);
    display.print(dayLine(dayCells(episode, batch)));
    if (batch.columns.includes(NEW_COLUMN)) widened ??= batch;
  }
  if (widened !== undefined)
    display.print(
      `\nThe new column ${NEW_COLUMN} is in the lake since batch ${widened.number}; no model reads it yet.`,
    );
}

const HEADINGS = ['day', 'what happened', 'batch', 'inserted', 'changed', 'deleted', 'seconds'];
const WIDTHS = [14, 57, 5, 8, 7, 7, 7];

function dayCells({ date, happened }: Episode, { number, stages, ...rows }: TimedBatch): string[] {
  const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'short', timeZone: 'UTC' }).format(new Date(date));
  const counts = [rows.inserted, rows.changed, rows.deleted].map(grouped);
  const milliseconds = stages.reduce((total, stage) => total + stage.milliseconds, 0);
  return [`${weekday} ${date}`, happened, String(number ?? '-'), ...counts, (milliseconds / 1000).toFixed(2)];
}

/** Lines that come one by one, as days do: their widths cannot wait for the longest cell. */
function dayLine(cells: readonly string[]): string {
  return cells
    .map((cell, index) => (index < 2 ? cell.padEnd(WIDTHS[index] ?? 0) : cell.padStart(WIDTHS[index] ?? 0)))
    .join('  ');
}
