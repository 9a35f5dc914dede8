/** Runs a stage once for every call that it makes and every way in which the call can fail, and says what was not as without faults. */
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Pipeline, runPipeline } from '../../bin/pipeline.ts';
import { createFaults, type Fault, type Faults } from './faults.ts';
import { createPipelineAt, type Outcome, outcomeAt, type Place, withoutHashes } from './place.ts';
import type { Contents } from './warehouse-contents.ts';

export interface Matrix {
  readonly stage: keyof Pipeline;
  /** As many as faults may be tried at the same time. */
  readonly places: readonly Place[];
  /** The folder of the lake as it is before the stage; the warehouse is empty then. */
  readonly lake: string;
  /** What the warehouse holds after 1, 2, … batches, at their numbers. */
  readonly states: readonly Contents[];
  /** What is there in the end. */
  readonly expected: Outcome;
}

export interface Report {
  readonly calls: number;
  /** How many different states of lake and warehouse the faults left behind; each was run again. */
  readonly leftovers: number;
  readonly problems: readonly string[];
  /** The faults in spite of which the stage succeeded, because it found out that the call had taken effect. */
  readonly survived: readonly string[];
}

/**
 * A stage has no memory but the lake and the warehouse: what a fault leaves there decides what running again does. So faults that
 * leave the same behind are told apart by how the stage failed, and what they left is run again once.
 */
export async function runMatrix(matrix: Matrix): Promise<Report> {
  const calls = await recordCalls(matrix);
  const faults = calls.flatMap(({ label, streams }, at) =>
    (streams ? (['before', 'midway', 'after'] as const) : (['before', 'after'] as const)).map((kind) => ({
      at,
      kind,
      name: `${kind} ${label}`,
    })),
  );
  const leftovers = new Set<string>();
  const problems: string[] = [];
  const survived: string[] = [];
  await inPlaces(matrix, faults, async (place, { name, ...fault }) => {
    const tried = await tryFault(matrix, place, fault);
    if (tried.survived) survived.push(name);
    const known = leftovers.has(tried.leftover);
    leftovers.add(tried.leftover);
    const found = known ? tried.problems : [...tried.problems, ...(await runAgain(matrix, place))];
    problems.push(...found.map((problem) => `${name}: ${problem}`));
  });
  return { calls: calls.length, leftovers: leftovers.size, problems, survived: survived.sort() };
}

/** The calls of the stage when nothing fails. */
export async function recordCalls(matrix: Matrix): Promise<Faults['calls']> {
  const [place] = matrix.places;
  if (place === undefined) throw new Error('a matrix needs a place to run in');
  return (await runStage(matrix, place, undefined)).calls;
}

/** Does the work for every item, in every place one at a time. */
export async function inPlaces<Item>(
  { places }: Matrix,
  items: readonly Item[],
  work: (place: Place, item: Item) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  await Promise.all(
    places.map(async (place) => {
      for (const item of queue) await work(place, item);
    }),
  );
}

interface Tried {
  readonly problems: readonly string[];
  readonly survived: boolean;
  readonly leftover: string;
}

async function tryFault(matrix: Matrix, place: Place, fault: Fault): Promise<Tried> {
  const { thrown, error, openSessions } = await runStage(matrix, place, fault);
  const contents = withoutHashes(await place.warehouse.contents());
  const problems: string[] = [];
  if (thrown !== undefined && thrown !== error) problems.push(`the stage hid the error behind another: ${thrown}`);
  if (thrown === undefined && fault.kind !== 'after') problems.push('the stage did not notice');
  if (!isWhole(contents, matrix.states)) problems.push('half a batch can be read while the stage is down');
  if (openSessions.size > 0) problems.push('the stage left a connection open');
  return {
    problems,
    survived: thrown === undefined,
    leftover: JSON.stringify([contents, filesOf(place.lake)]),
  };
}

/** Runs everything once more. @returns what is not as it is without faults */
export async function runAgain({ expected }: Matrix, place: Place): Promise<string[]> {
  await runPipeline(createPipelineAt(place));
  const outcome = await outcomeAt(place);
  return (['warehouse', 'objects', 'findings'] as const)
    .filter((part) => !isDeepStrictEqual(outcome[part], expected[part]))
    .map((part) => `${part} ${JSON.stringify(outcome[part])} in place of ${JSON.stringify(expected[part])}`);
}

/** Puts a place to where the matrix begins. */
export async function rewind({ lake }: Matrix, place: Place): Promise<void> {
  rmSync(place.lake, { recursive: true, force: true });
  cpSync(lake, place.lake, { recursive: true });
  await place.warehouse.empty();
}

/** Runs the stage from where the matrix begins. */
async function runStage(matrix: Matrix, place: Place, fault: Fault | undefined): Promise<Faults & { thrown: unknown }> {
  await rewind(matrix, place);
  const faults = createFaults(fault);
  const thrown: unknown = await createPipelineAt(place, faults)
    [matrix.stage]()
    .then(
      () => undefined,
      (error) => error,
    );
  return { ...faults, thrown };
}

/** Whether a warehouse holds exactly the batches of its ledger. */
function isWhole(contents: Contents, states: readonly Contents[]): boolean {
  const applied = contents.weir_ledger?.length ?? 0;
  if (applied > 0) return isDeepStrictEqual(contents, states[applied]);
  const { weir_migration, constraints, ...tables } = contents;
  return Object.values(tables).every((rows) => rows.length === 0);
}

/** Every file of the lake with its content, without what differs from run to run: the name of the attempt and the time that it took. */
function filesOf(lake: string): string[] {
  return readdirSync(lake, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) =>
      `${path.slice(lake.length)} ${readFileSync(path, 'latin1')}`
        .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'attempt')
        .replaceAll(/"milliseconds": \d+/g, ''),
    );
}
