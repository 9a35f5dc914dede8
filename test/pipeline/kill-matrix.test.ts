/**
 * Every call that crosses a port fails once in every way in which it can, and then the pipeline runs again. The calls are found
 * by a run that only records them, so that a new call joins by itself.
 */
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { type Pipeline, runPipeline } from '../../bin/pipeline.ts';
import { runMatrix } from '../support/fault-matrix.ts';
import { createPipelineAt, type Outcome, outcomeAt, type Place } from '../support/place.ts';
import {
  createFolder,
  createTestWarehouse,
  LIBRARY,
  readLibrary,
  startTestSource,
  type TestSource,
  type TestWarehouse,
} from '../support/rig.ts';
import type { Contents } from '../support/warehouse-contents.ts';

/** Faults that are tried at the same time. */
const LANES = 2;

jest.setTimeout(300_000);

describe('a call that fails leaves nothing that running again does not mend, in', () => {
  const folder = createFolder();
  const inFolder = (name: string) => join(folder.path, name);
  const states: Contents[] = [];
  let source: TestSource;
  let warehouses: TestWarehouse[];
  let places: (batch: number) => Place[];
  let expected: Outcome;

  /** Changes the source and lets a warehouse follow undisturbed. */
  async function follow(change: string, batch: number): Promise<void> {
    await source.session.query(readFileSync(join(LIBRARY, 'source', change), 'utf8'));
    const place = places(batch)[LANES];
    if (place === undefined) throw new Error('the undisturbed pipeline has no place');
    await runPipeline(createPipelineAt(place));
    expected = await outcomeAt(place);
    states[batch] = expected.warehouse;
    cpSync(place.lake, inFolder(`after batch ${batch}`), { recursive: true });
  }

  beforeAll(async () => {
    const dataset = await readLibrary();
    source = await startTestSource();
    warehouses = [];
    while (warehouses.length <= LANES) warehouses.push(await createTestWarehouse(dataset));
    places = (batch) =>
      warehouses.map((warehouse, lane) => ({
        dataset,
        source,
        warehouse,
        lake: inFolder(`lane ${lane}`),
        clock: () => new Date(Date.UTC(2026, 10, 21, 7, 3 * batch)),
      }));
    mkdirSync(inFolder('after batch 0'));
    await follow('first.sql', 1);
  });

  afterAll(async () => {
    for (const warehouse of warehouses) await warehouse.drop();
    await source.stop();
    folder.remove();
  });

  const matrix = (stage: keyof Pipeline, lake: string, batch: number) =>
    runMatrix({ stage, lake: inFolder(lake), places: places(batch).slice(0, LANES), states, expected });

  test('ingest of the first batch', async () => {
    const { calls, leftovers, ...report } = await matrix('ingest', 'after batch 0', 1);
    expect(report).toEqual({
      problems: [],
      survived: ['after ingestion.putIfAbsent library/manifests/000000000/000000000001.json'],
    });
    expect(calls).toBeGreaterThan(15);
    expect(leftovers).toBeGreaterThan(5); // nothing, 1 to 5 tables, the batch
  });

  describe('a batch of changes:', () => {
    beforeAll(async () => {
      await follow('changes.sql', 2);
      cpSync(join(inFolder('after batch 2'), 'ingestion'), join(inFolder('captured'), 'ingestion'), {
        recursive: true,
      });
    });

    test('the scenario has inserts, updates, deletes, both kinds of quarantine and returns from both', () => {
      const { weir_ledger = [], weir_quarantine = [] } = states[2] ?? {};
      const unchanged = { inserted: 0, changed: 0, deleted: 0, unchanged: 0, quarantined: 0 };
      expect(weir_ledger.map(({ counts }) => JSON.parse(counts ?? ''))).toEqual([
        {
          dim_book: { ...unchanged, inserted: 2 },
          dim_reader: { ...unchanged, inserted: 3 },
          fact_loan: { ...unchanged, inserted: 3, quarantined: 2 },
          visit: { ...unchanged, inserted: 2 },
        },
        {
          dim_book: { ...unchanged, inserted: 1, changed: 1, unchanged: 1 },
          dim_reader: { ...unchanged, changed: 1, deleted: 1 },
          fact_loan: { ...unchanged, inserted: 3, changed: 2, deleted: 1, quarantined: 3 },
        },
      ]);
      expect(weir_quarantine.map(({ source_key, stage, batch }) => [source_key, stage, batch])).toEqual([
        ['["7"]', 'transform', '2'],
        ['["8"]', 'load', '2'],
        ['["9"]', 'load', '2'],
      ]);
    });

    test('ingest', async () => {
      const { calls, leftovers, ...report } = await matrix('ingest', 'after batch 1', 2);
      expect(report).toEqual({
        problems: [],
        survived: ['after ingestion.putIfAbsent library/manifests/000000000/000000000002.json'],
      });
      expect(calls).toBeGreaterThan(25);
      expect(leftovers).toBeGreaterThan(8);
    });

    test('transform, catching up with both batches', async () => {
      const { calls, leftovers, ...report } = await matrix('transform', 'captured', 2);
      expect(report).toEqual({
        problems: [],
        survived: [
          'after processed.putIfAbsent library/manifests/000000000/000000000001.json',
          'after processed.putIfAbsent library/manifests/000000000/000000000002.json',
        ],
      });
      expect(calls).toBeGreaterThan(25);
      expect(leftovers).toBeGreaterThan(10);
    });

    test('load, catching up with both batches', async () => {
      const { calls, leftovers, ...report } = await matrix('load', 'after batch 2', 2);
      expect(report).toEqual({ problems: [], survived: [] });
      expect(calls).toBeGreaterThan(120);
      expect(leftovers).toBe(4); // nothing, the tables, batch 1, batch 2
    });
  });
});
