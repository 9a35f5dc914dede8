/** Runs a stage once for every call that it makes, and lets another run of the same stage overtake it there. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Pipeline } from '../../bin/pipeline.ts';
import { inPlaces, type Matrix, recordCalls, rewind, runAgain } from './fault-matrix.ts';
import { createFaults, type Delay } from './faults.ts';
import { createPipelineAt, type Place } from './place.ts';

export interface Races {
  readonly calls: number;
  /** How often the late run, and how often the other one, had at least one batch. */
  readonly wins: { readonly late: number; readonly other: number };
  readonly problems: readonly string[];
}

/** @param batches the numbers that the two runs must have between them, each once */
export async function runRaces(matrix: Matrix, batches: readonly number[]): Promise<Races> {
  const calls = await recordCalls(matrix);
  const wins = { late: 0, other: 0 };
  const problems: string[] = [];
  await inPlaces(matrix, [...calls.entries()], async (place, [at, { label }]) => {
    await rewind(matrix, place);
    const raced = await race(matrix, place, at);
    if (raced.late.length > 0) wins.late++;
    if (raced.other.length > 0) wins.other++;
    const between = [...raced.late, ...raced.other].sort();
    if (!isDeepStrictEqual(between, batches)) problems.push(`${label}: the runs had batches ${between.join(', ')}`);
    problems.push(...(await runAgain(matrix, place)).map((problem) => `${label}: ${problem}`));
  });
  return { calls: calls.length, wins, problems };
}

interface Raced {
  readonly late: readonly number[];
  readonly other: readonly number[];
}

async function race({ stage }: Matrix, place: Place, at: number): Promise<Raced> {
  let other: Promise<readonly number[]> | undefined;
  const delay: Delay = {
    at,
    kind: 'late',
    meanwhile: async () => {
      other = batchesOf(createPipelineAt(place)[stage]());
      const done = new AbortController();
      await Promise.race([other.finally(() => done.abort()), untilBlocked(place, done.signal)]);
    },
  };
  const late = await batchesOf(createPipelineAt(place, createFaults(delay))[stage]());
  return { late, other: (await other) ?? [] };
}

/** Waits until a session of the warehouse waits for a lock: the other run can go on only after the late one. */
async function untilBlocked({ warehouse: { session } }: Place, done: AbortSignal): Promise<void> {
  const blocked = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  while (!done.aborted && (await session.query(blocked)).length === 0) await sleep(10);
}

/** The numbers of the batches that a run of a stage reports as its own. */
async function batchesOf(run: ReturnType<Pipeline[keyof Pipeline]>): Promise<readonly number[]> {
  const made = await run;
  return made === undefined ? [] : [made].flat().map(({ number }) => number);
}
