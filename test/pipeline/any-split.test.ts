/** The two properties of a pipeline that loses nothing: any split of the changes into batches gives the same, and no version is missed. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import fc from 'fast-check';
import { type Pipeline, runPipeline } from '../../bin/pipeline.ts';
import { sqlStateOf } from '../../lambdas/shared/postgres.ts';
import type { Session } from '../../lambdas/shared/session.ts';
import { history, type Step } from '../support/library-history.ts';
import { createReference, type Reference, type Row, readSource } from '../support/library-reference.ts';
import { createPipelineAt, type Place } from '../support/place.ts';
import {
  createFolder,
  createTestWarehouse,
  LIBRARY,
  readLibrary,
  startTestSource,
  type TestSource,
  type TestWarehouse,
} from '../support/rig.ts';

/** More runs, or another seed, for a longer search. */
const { WEIR_TEST_RUNS: numRuns = '16', WEIR_TEST_SEED: seed = '20261121' } = process.env;

jest.setTimeout(Number(numRuns) * 20_000);

describe('after any history, polled at any moments', () => {
  const folder = createFolder();
  let source: TestSource;
  let long: Session;
  let warehouses: TestWarehouse[];
  let split: Place;
  let scratch: Place;

  beforeAll(async () => {
    const dataset = await readLibrary();
    source = await startTestSource();
    long = await source.connect();
    for (const session of [source.session, long]) await session.query(`set lock_timeout = '20ms'`);
    const [first, second] = [await createTestWarehouse(dataset), await createTestWarehouse(dataset)];
    warehouses = [first, second];
    const clock = () => new Date('2026-11-21T07:03:00Z');
    split = { dataset, source, warehouse: first, lake: join(folder.path, 'split'), clock };
    scratch = { dataset, source, warehouse: second, lake: join(folder.path, 'scratch'), clock };
  });

  afterAll(async () => {
    await long.end();
    for (const warehouse of warehouses) await warehouse.drop();
    await source.stop();
    folder.remove();
  });

  test('the warehouse is what one batch from scratch gives, and holds every version that a poll saw', async () => {
    const seen: Row[] = [];
    const property = fc.asyncProperty(history, async (steps) => {
      await reset();
      const reference = await play(steps);
      await runPipeline(createPipelineAt(scratch));
      const [held, fresh] = [await readWarehouse(split), await readWarehouse(scratch)];
      seen.push(...Object.values(held.versions).flat());
      expect(held).toEqual(expectedOf(reference));
      expect(presentOf(held, fresh.quarantine)).toEqual(presentOf(fresh, fresh.quarantine));
    });
    await fc.assert(property, {
      seed: Number(seed),
      numRuns: Number(numRuns),
      interruptAfterTimeLimit: Number(numRuns) * 15_000, // ends the search for a smaller counterexample in time
    });
    expect(seen.length).toBeGreaterThan(2 * Number(numRuns));
    expect(seen.filter(({ deleted }) => deleted === 't').length).toBeGreaterThan(Number(numRuns) / 4);
  });

  async function reset(): Promise<void> {
    await source.reset();
    await source.session.query(readFileSync(join(LIBRARY, 'source', 'first.sql'), 'utf8'));
    for (const place of [split, scratch]) {
      rmSync(place.lake, { recursive: true, force: true });
      await place.warehouse.empty();
    }
  }

  /** Lets it all happen. @returns what the polls should have seen */
  async function play(steps: readonly Step[]): Promise<Reference> {
    const reference = createReference();
    const pipeline = createPipelineAt(split);
    let open = false;
    for (const step of [...steps, { long: 'rollback' }, { poll: { transform: 1, load: 1 } }]) {
      if ('user' in step) await attempt(source.session, step.user);
      else if ('long' in step) open = await goOn(step.long, open);
      else await poll(pipeline, reference, step.poll);
    }
    return reference;
  }

  /** @returns whether the long transaction is open now */
  async function goOn(sql: string, open: boolean): Promise<boolean> {
    const ends = sql === 'commit' || sql === 'rollback';
    if (ends && !open) return false;
    const done = await attempt(long, open ? sql : `begin; ${sql}`);
    return done && !ends;
  }

  async function poll(
    pipeline: Pipeline,
    reference: Reference,
    { transform, load }: { transform: number; load: number },
  ): Promise<void> {
    await pipeline.ingest();
    reference.see(await readSource(source.session));
    for (let time = 0; time < transform; time++) await pipeline.transform();
    for (let time = 0; time < load; time++) await pipeline.load();
  }
});

/** What a user runs into in everyday life: a row that is there already, a column that is, a lock that another one holds. */
const EVERYDAY_ERRORS = ['23505', '42701', '55P03'];

/** @returns false if it could not be done; then its transaction is rolled back */
async function attempt(session: Session, sql: string): Promise<boolean> {
  try {
    await session.query(sql);
    return true;
  } catch (error) {
    await session.query('rollback');
    if (!EVERYDAY_ERRORS.includes(sqlStateOf(error))) throw error;
    return false;
  }
}

interface Held {
  readonly books: readonly Row[];
  readonly readers: readonly Row[];
  readonly visits: readonly Row[];
  readonly versions: Readonly<Record<string, readonly Row[]>>;
  readonly current: readonly Row[];
  readonly quarantine: readonly string[];
}

async function readWarehouse({ warehouse: { session }, dataset }: Place): Promise<Held> {
  await session.query(`set search_path to ${dataset.warehouse.schema}`);
  const loan = 'loan_id, book_id, card, due, fee, last_updated';
  const versions = await session.query<Row>(`select ${loan}, deleted from fact_loan order by loan_record_id`);
  const waiting = await session.query<{ key: string }>(
    'select source_key ->> 0 as key from weir_quarantine order by 1',
  );
  return {
    books: await session.query('select book_id, title, room, deleted from dim_book order by book_id::text'),
    readers: await session.query('select card, name, deleted from dim_reader order by card'),
    visits: await session.query('select card, day, minutes from visit order by card, day'),
    versions: Object.fromEntries(Map.groupBy(versions, ({ loan_id }) => String(loan_id))),
    current: await session.query(`select ${loan} from current_loan order by loan_id::text`),
    quarantine: waiting.map(({ key }) => key),
  };
}

function expectedOf({ books, readers, visits, versions, quarantine }: Reference): Held {
  const byKey = (rows: ReadonlyMap<string, Row>) =>
    [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  const newest = new Map([...versions].map(([key, all]) => [key, all.at(-1) ?? {}]));
  return {
    books: byKey(books),
    readers: byKey(readers),
    visits: byKey(visits),
    versions: Object.fromEntries(versions),
    current: present(byKey(newest)),
    quarantine: [...quarantine].sort(),
  };
}

/** What both warehouses must agree on: of a loan whose present row does not fit, only the one that saw it fit once has a version. */
function presentOf({ books, readers, current }: Held, waiting: readonly string[]): Partial<Held> {
  return {
    books: present(books),
    readers: present(readers),
    current: current.filter(({ loan_id }) => !waiting.includes(String(loan_id))),
  };
}

function present(rows: readonly Row[]): Row[] {
  return rows.filter((row) => row.deleted === 'f').map(({ deleted, ...row }) => row);
}
