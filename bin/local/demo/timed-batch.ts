/** One batch through all stages, with the time that each of them took. */
import type { AppliedCounts } from '../../../lambdas/load/ledger.ts';
import { rowsMade, rowsRead, sum } from '../../pass.ts';
import type { Pipeline } from '../../pipeline.ts';
import type { Display } from '../../terminal/display.ts';

export interface TimedStage {
  readonly name: string;
  readonly rows: number;
  readonly milliseconds: number;
}

export interface TimedBatch {
  /** Undefined if nothing had changed. */
  readonly number: number | undefined;
  readonly stages: readonly TimedStage[];
  /** Of the source as it was captured: `design.design_name`. */
  readonly columns: readonly string[];
  readonly inserted: number;
  readonly changed: number;
  readonly deleted: number;
}

export async function runTimedBatch(pipeline: Pipeline, display: Display): Promise<TimedBatch> {
  const timed = async <Result>(name: string, work: () => Promise<Result>) => {
    const started = performance.now();
    const result = await display.during(name, work);
    return { result, milliseconds: performance.now() - started };
  };
  const ingest = await timed('ingest', pipeline.ingest);
  const transform = await timed('transform', pipeline.transform);
  const load = await timed('load', pipeline.load);

  const made = sum(transform.result.map(rowsMade));
  const applied = load.result.flatMap(({ models }) => Object.values(models));
  const total = (name: keyof AppliedCounts) => sum(applied.map((counts) => counts[name]));
  return {
    number: ingest.result?.number,
    stages: [
      {
        name: 'ingest',
        rows: ingest.result === undefined ? 0 : rowsRead(ingest.result),
        milliseconds: ingest.milliseconds,
      },
      { name: 'transform', rows: made, milliseconds: transform.milliseconds },
      { name: 'load', rows: made, milliseconds: load.milliseconds },
    ],
    columns: Object.entries(ingest.result?.tables ?? {}).flatMap(([table, { columns }]) =>
      columns.map(({ name }) => `${table}.${name}`),
    ),
    inserted: total('inserted'),
    changed: total('changed'),
    deleted: total('deleted'),
  };
}
