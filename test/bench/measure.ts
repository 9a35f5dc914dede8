/** Measures pieces of work, each run in a process of its own. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Place, Result, Task } from './piece.ts';

export interface MeasureOptions {
  readonly piece: string;
  readonly place: Place;
  /** What has to be done before every process, untimed. */
  readonly before?: () => Promise<void>;
  /** Runs in the same process before those that count. @default 0 */
  readonly warmUps?: number;
  /** Runs in the same process that count. @default 1 */
  readonly runs?: number;
}

export interface Measured {
  readonly rows: number;
  /** The median of all runs. */
  readonly milliseconds: number;
  /** Rows per second at that median. */
  readonly speed: number;
  /** The highest of all processes. */
  readonly peakMegabytes: number;
}

/** Measures a piece in one process. */
export async function measureOnce(options: MeasureOptions): Promise<Measured> {
  return summarize([await runPiece(options)]);
}

/** Measures several pieces `times` times in turn (A B A B …), so that a slow minute of the machine falls on all of them. */
export async function measureInTurn<Name extends string>(
  times: number,
  pieces: Readonly<Record<Name, MeasureOptions>>,
): Promise<Record<Name, Measured>> {
  const results: Partial<Record<Name, Result[]>> = {};
  for (let time = 0; time < times; time++)
    for (const name of Object.keys(pieces) as Name[]) {
      results[name] ??= [];
      results[name].push(await runPiece(pieces[name]));
    }
  const measured = Object.entries<Result[]>(results as Record<Name, Result[]>).map(
    ([name, runs]) => [name, summarize(runs)] as const,
  );
  return Object.fromEntries(measured) as Record<Name, Measured>;
}

async function runPiece({ before, piece, place, warmUps = 0, runs = 1 }: MeasureOptions): Promise<Result> {
  await before?.();
  const task: Task = { piece, place, warmUps, runs };
  const child = fork(join(import.meta.dirname, 'worker.ts'));
  child.send(task);
  const [result]: [Result] | [null | number] = await Promise.race([
    once(child, 'message') as Promise<[Result]>,
    once(child, 'exit') as Promise<[null | number]>,
  ]);
  if (result === null || typeof result === 'number') throw new Error(`the process of ${piece} failed, see above`);
  const seconds = result.milliseconds.map((milliseconds) => (milliseconds / 1000).toFixed(2)).join(' ');
  console.error(`  ${piece}: ${result.rows} rows, ${seconds} s, ${Math.round(result.peakMegabytes)} MB`);
  return result;
}

function summarize(results: readonly Result[]): Measured {
  const rows = results.at(-1)?.rows ?? 0;
  const milliseconds = median(results.flatMap((result) => result.milliseconds));
  return {
    rows,
    milliseconds,
    speed: (rows / milliseconds) * 1000,
    peakMegabytes: Math.max(...results.map(({ peakMegabytes }) => peakMegabytes)),
  };
}

/** Of an even number of values the lower of the two in the middle. */
function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length / 2) - 1] ?? 0;
}
