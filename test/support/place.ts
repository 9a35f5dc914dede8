/** A pipeline with a source, a lake and a warehouse of its own, and everything that can be seen of it from outside. */
import { isDeepStrictEqual } from 'node:util';
import { createPipeline, type Pipeline } from '../../bin/pipeline.ts';
import type { Dataset } from '../../lambdas/shared/dataset.ts';
import { openLake } from '../../lambdas/shared/lake.ts';
import { createFaults } from './faults.ts';
import { auditLake } from './lake-audit.ts';
import { QUIET, type TestSource, type TestWarehouse } from './rig.ts';
import type { Contents } from './warehouse-contents.ts';

/** Where a pipeline runs. */
export interface Place {
  readonly dataset: Dataset;
  readonly source: TestSource;
  readonly warehouse: TestWarehouse;
  /** The folder of the lake. */
  readonly lake: string;
  readonly clock: () => Date;
}

/** What two runs must have in common: all but the names of attempts and the time that they took. */
export interface Outcome {
  readonly warehouse: Contents;
  /** Rows, bytes and sha256 of all that transform wrote. */
  readonly objects: unknown;
  /** What a reader of the lake or of the ledger would stumble over. */
  readonly findings: readonly string[];
}

/** The pipeline of a place; its calls cross the given ports. */
export function createPipelineAt(
  { dataset, source, warehouse, lake, clock }: Place,
  faults = createFaults(),
): Pipeline {
  return createPipeline({
    dataset,
    source: faults.wrapConnect('source', source.connect),
    warehouse: faults.wrapConnect('warehouse', warehouse.connect),
    lake: faults.wrapLake(openLake(lake)),
    log: QUIET,
    clock,
  });
}

export async function outcomeAt({ dataset, warehouse, lake }: Place): Promise<Outcome> {
  const contents = await warehouse.contents();
  const { processed, processedSha256, findings } = await auditLake(openLake(lake), dataset);
  const ledger = contents.weir_ledger?.map(({ manifest_sha256 }) => manifest_sha256) ?? [];
  return {
    warehouse: withoutHashes(contents),
    objects: processed.map(({ models }) =>
      Object.entries(models).map(([model, { data, keys, quarantine }]) => [model, data, keys, quarantine]),
    ),
    findings: isDeepStrictEqual(ledger, processedSha256) ? findings : [...findings, 'the ledger is of another lake'],
  };
}

/** The hash of a manifest covers its attempt, so that it differs from run to run. */
export function withoutHashes(contents: Contents): Contents {
  const { weir_ledger } = contents;
  if (weir_ledger === undefined) return contents;
  return { ...contents, weir_ledger: weir_ledger.map(({ manifest_sha256, ...row }) => row) };
}
