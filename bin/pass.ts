/** One pass of the pipeline, as `weir run` and `weir watch` make it: no stage waits for another that is broken. */
import type { LoadedBatch } from '../lambdas/load/load.ts';
import type { IngestionManifest, ProcessedManifest } from '../lambdas/shared/manifest.ts';
import type { Pipeline } from './pipeline.ts';
import type { Display } from './terminal/display.ts';
import { describe } from './terminal/failure.ts';
import { counted } from './terminal/words.ts';

export interface Pass {
  /** The batch that this pass captured; undefined if nothing had changed. */
  captured: IngestionManifest | undefined;
  readonly transformed: ProcessedManifest[];
  readonly loaded: LoadedBatch[];
  /** What went wrong, at most one error for each stage. */
  readonly failures: unknown[];
  /** Whether a stage was left out because somebody asked us to stop. */
  stopped: boolean;
}

export interface PassOptions {
  readonly pipeline: Pipeline;
  readonly display: Display;
  /** When aborted, the stage at hand is the last. */
  readonly stop: AbortSignal;
}

/**
 * What earlier passes left is carried on first, so that a source that cannot be reached does not hold up what was captured;
 * then everything that changed since. Errors do not end it: they are in `failures`.
 */
export async function runPass({ pipeline, display, stop }: PassOptions): Promise<Pass> {
  const pass: Pass = { captured: undefined, transformed: [], loaded: [], failures: [], stopped: false };
  const broken = new Set<string>();
  const attempt = async <Result>(
    stage: string,
    work: () => Promise<Result>,
    tell: (result: Result) => string | undefined,
  ): Promise<Result | undefined> => {
    pass.stopped ||= stop.aborted;
    if (pass.stopped || broken.has(stage)) return undefined;
    try {
      return await display.during(stage, work, tell);
    } catch (error) {
      broken.add(stage);
      pass.failures.push(error);
      return undefined;
    }
  };
  const catchUp = async () => {
    pass.transformed.push(...((await attempt('transform', pipeline.transform, tellTransformed)) ?? []));
    pass.loaded.push(...((await attempt('load', pipeline.load, tellLoaded)) ?? []));
  };

  await catchUp();
  pass.captured = await attempt('ingest', pipeline.ingest, tellCaptured);
  if (pass.captured !== undefined) await catchUp();
  return pass;
}

/** What a pass did, as a program reads it. */
export function passAsJson(dataset: string, { captured, transformed, loaded, failures }: Pass): object {
  return {
    dataset,
    captured: captured === undefined ? null : { batch: captured.number, capturedAt: captured.capturedAt },
    transformed: transformed.map(({ number }) => number),
    loaded: loaded.map(({ number, models }) => ({ batch: number, models })),
    failures: failures.map(describe),
  };
}

function tellCaptured(manifest: IngestionManifest | undefined): string | undefined {
  if (manifest === undefined) return undefined;
  return `batch ${manifest.number}: ${counted(rowsRead(manifest), 'row')}, ${manifest.cause}`;
}

function tellTransformed(manifests: readonly ProcessedManifest[]): string | undefined {
  return batches(manifests, counted(sum(manifests.map(rowsMade)), 'row'));
}

function tellLoaded(loaded: readonly LoadedBatch[]): string | undefined {
  const counts = loaded.flatMap(({ models }) => Object.values(models));
  const total = (name: 'inserted' | 'changed' | 'deleted') =>
    counted(sum(counts.map((count) => count[name])), name, name);
  return batches(loaded, `${total('inserted')}, ${total('changed')}, ${total('deleted')}`);
}

function batches(handled: readonly { readonly number: number }[], what: string): string | undefined {
  const [first] = handled;
  const last = handled.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const place = first === last ? `batch ${first.number}` : `batches ${first.number} to ${last.number}`;
  return `${place}: ${what}`;
}

/** Rows that a batch read from the source. */
export function rowsRead({ tables }: Pick<IngestionManifest, 'tables'>): number {
  return sum(Object.values(tables).map(({ data }) => data?.rows ?? 0));
}

/** Rows that a batch made for the warehouse. */
export function rowsMade({ models }: Pick<ProcessedManifest, 'models'>): number {
  return sum(Object.values(models).map(({ data }) => data.rows));
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
