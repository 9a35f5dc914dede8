/** Runs a pipeline again and again until somebody stops it, and tells what it is doing meanwhile. */
import { setTimeout as sleep } from 'node:timers/promises';
import { RetryableError } from '../lambdas/shared/errors.ts';
import type { Activity } from './page/activity.ts';
import { type Pass, runPass } from './pass.ts';
import type { Pipeline } from './pipeline.ts';
import type { Display } from './terminal/display.ts';
import { describe } from './terminal/failure.ts';

export interface WatchOptions {
  readonly pipeline: Pipeline;
  readonly display: Display;
  /** When aborted, the stage at hand is the last. */
  readonly stop: AbortSignal;
  /** Seconds between two passes. */
  readonly every: number;
  readonly onPass?: (pass: Pass) => void;
}

export interface Watch {
  /** What it does at this moment. */
  activity(): Activity;
  /** Watches until it is stopped. @throws {AggregateError} of what somebody has to mend */
  run(): Promise<void>;
}

/** The longest pause after an error that may pass by itself, in seconds, unless `every` is longer. */
const LONGEST_PAUSE = 60;

export function createWatch({ pipeline, display, stop, every, onPass = () => undefined }: WatchOptions): Watch {
  let activity: Activity = { doing: 'waiting', lookedAt: undefined, failures: [] };
  const observed: Display = {
    ...display,
    during: (name, work, tell) => {
      activity = { ...activity, doing: name };
      return display.during(name, work, tell);
    },
  };
  return {
    activity: () => activity,

    async run() {
      let pause = every;
      while (!stop.aborted) {
        const pass = await runPass({ pipeline, display: observed, stop });
        const { failures } = pass;
        activity = { doing: 'waiting', lookedAt: new Date().toISOString(), failures: failures.map(describe) };
        onPass(pass);
        if (failures.some((failure) => !(failure instanceof RetryableError))) throw new AggregateError(failures);
        pause = failures.length === 0 ? every : Math.min(pause * 2, Math.max(every, LONGEST_PAUSE));
        for (const failure of failures) display.note(`weir: ${describe(failure)}; trying again in ${pause} s`);
        await observed.during('waiting', () => sleep(pause * 1000, undefined, { signal: stop }).catch(() => undefined));
      }
    },
  };
}
