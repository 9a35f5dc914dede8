/** The pipeline as a process of its own, killed with a signal that it cannot catch, at moments spread over its stages. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { runPipeline } from '../../bin/pipeline.ts';
import { createPipelineAt, outcomeAt, type Place } from '../support/place.ts';
import {
  createFolder,
  createTestWarehouse,
  LIBRARY,
  readLibrary,
  startTestSource,
  type TestSource,
  type TestWarehouse,
} from '../support/rig.ts';

const KILLS = 12;

/** One more change of every kind, so that every round has a batch that touches every model. */
const CHANGE_SQL = `
  insert into loan select max(loan_id) + 1, 1, 'a', '2026-12-01', 0.00, now() from loan;
  update loan set fee = fee + 1 where loan_id in (1, 2);
  delete from loan where loan_id = (select max(loan_id) - 2 from loan);
  update shelf set room = room || '!' where shelf_id = 1;
  update reader set name = name || '!' where card = 'b';
  insert into visit select 'a', max(day) + 1, 5 from visit`;

jest.setTimeout(180_000);

describe('a pipeline that is killed', () => {
  const folder = createFolder();
  let source: TestSource;
  let warehouses: TestWarehouse[];
  let placesOf: (round: number) => { undisturbed: Place; killed: Place };

  beforeAll(async () => {
    const dataset = await readLibrary();
    source = await startTestSource();
    const [first, second] = [await createTestWarehouse(dataset), await createTestWarehouse(dataset)];
    warehouses = [first, second];
    placesOf = (round) => {
      const clock = () => new Date(Date.UTC(2026, 10, 21, 7, 3 * round));
      return {
        undisturbed: { dataset, source, warehouse: first, lake: join(folder.path, 'undisturbed'), clock },
        killed: { dataset, source, warehouse: second, lake: join(folder.path, 'killed'), clock },
      };
    };
  });

  afterAll(async () => {
    for (const warehouse of warehouses) await warehouse.drop();
    await source.stop();
    folder.remove();
  });

  /** Starts the process; `progress` gets a line whenever a stage is done. */
  function start({ warehouse, lake, clock }: Place): { child: ChildProcess; lines: Interface; progress: string[] } {
    const program = join(import.meta.dirname, '..', 'support', 'pipeline-process.ts');
    const child = spawn(process.execPath, [program, source.url, warehouse.url, lake, clock().toISOString()], {
      env: { ...process.env, TMPDIR: folder.path }, // what a killed process leaves there goes with the folder
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const progress: string[] = [];
    const lines = createInterface(child.stdout);
    lines.on('line', (line) => progress.push(line));
    return { child, lines, progress };
  }

  /** Runs the process to its end. @returns how long each stage took, in milliseconds */
  async function measure(place: Place): Promise<readonly number[]> {
    const { lines, progress } = start(place);
    const times: number[] = [];
    lines.on('line', () => times.push(performance.now()));
    await once(lines, 'close');
    expect(progress).toEqual(['started', 'captured', 'transformed', 'loaded']);
    return times.slice(1).map((time, stage) => time - (times[stage] ?? 0));
  }

  /** Kills a process some time into a stage. @returns the last stage that it had done */
  async function kill(place: Place, { stage, delay }: { stage: number; delay: number }): Promise<string | undefined> {
    const { child, lines, progress } = start(place);
    while (progress.length <= stage) await once(lines, 'line');
    await sleep(delay);
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return progress.at(-1);
  }

  /** The server of a killed client notices at its next read or write. */
  async function waitForRollback({ warehouse }: Place): Promise<void> {
    const others = 'select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()';
    while ((await warehouse.session.query(others)).length > 0) await sleep(5);
  }

  test(`${KILLS} times on its way loses and doubles nothing`, async () => {
    const ends: (string | undefined)[] = [];
    let durations: readonly number[] = [];
    for (let round = 1; round <= KILLS; round++) {
      const first = readFileSync(join(LIBRARY, 'source', 'first.sql'), 'utf8');
      await source.session.query(round === 1 ? first : CHANGE_SQL);
      const { undisturbed, killed } = placesOf(round);
      if (round === 1) durations = await measure(undisturbed);
      else await runPipeline(createPipelineAt(undisturbed));

      const stage = round % 3;
      const share = ((7 * round) % KILLS) / KILLS; // spread over the stage
      ends.push(await kill(killed, { stage, delay: share * (durations[stage] ?? 0) }));
      await waitForRollback(killed);
      await runPipeline(createPipelineAt(killed));
      expect(await outcomeAt(killed)).toEqual(await outcomeAt(undisturbed));
    }
    expect(ends.filter((end) => end !== 'loaded').length).toBeGreaterThan(KILLS / 2);
  });
});
