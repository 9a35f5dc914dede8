/** Two runs of one stage at once: the one is late before each of its calls in turn, and the other overtakes it there. */
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { runPipeline } from '../../bin/pipeline.ts';
import type { Matrix } from '../support/fault-matrix.ts';
import { createPipelineAt, outcomeAt, type Place } from '../support/place.ts';
import { runRaces } from '../support/race-matrix.ts';
import {
  createFolder,
  createTestWarehouse,
  LIBRARY,
  readLibrary,
  startTestSource,
  type TestSource,
  type TestWarehouse,
} from '../support/rig.ts';

const LANES = 2;

jest.setTimeout(180_000);

describe('of two runs at once each batch has one winner, and the loser does no harm:', () => {
  const folder = createFolder();
  const inFolder = (name: string) => join(folder.path, name);
  let source: TestSource;
  let warehouses: TestWarehouse[];
  let matrix: Omit<Matrix, 'stage' | 'lake'>;

  beforeAll(async () => {
    const dataset = await readLibrary();
    source = await startTestSource();
    await source.session.query(readFileSync(join(LIBRARY, 'source', 'first.sql'), 'utf8'));
    warehouses = [];
    while (warehouses.length <= LANES) warehouses.push(await createTestWarehouse(dataset));
    const places: Place[] = warehouses.map((warehouse, lane) => ({
      dataset,
      source,
      warehouse,
      lake: inFolder(`lane ${lane}`),
      clock: () => new Date('2026-11-21T07:03:00Z'),
    }));
    const undisturbed = places.pop();
    if (undisturbed === undefined) throw new Error('the undisturbed pipeline has no place');
    await runPipeline(createPipelineAt(undisturbed));
    const expected = await outcomeAt(undisturbed);
    matrix = { places, expected, states: [] };
    mkdirSync(inFolder('nothing'));
    cpSync(join(undisturbed.lake, 'ingestion'), join(inFolder('captured'), 'ingestion'), { recursive: true });
    cpSync(undisturbed.lake, inFolder('processed'), { recursive: true });
  });

  afterAll(async () => {
    for (const warehouse of warehouses) await warehouse.drop();
    await source.stop();
    folder.remove();
  });

  test.each([
    ['ingest', 'nothing'],
    ['transform', 'captured'],
    ['load', 'processed'],
  ] as const)('%s', async (stage, lake) => {
    const { calls, wins, problems } = await runRaces({ ...matrix, stage, lake: inFolder(lake) }, [1]);
    expect(problems).toEqual([]);
    expect(wins.late + wins.other).toBe(calls);
    expect(wins.other).toBeGreaterThan(10); // overtaken indeed
  });
});
