/** A small totesys through the whole pipeline, with something to see on every page: a deleted order, a new column, a row in quarantine. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSimulator, type Simulator } from '../../bin/local/simulator/simulator.ts';
import { createPipeline, readDataset, runPipeline, SQL_FOLDER } from '../../bin/pipeline.ts';
import type { Dataset } from '../../lambdas/shared/dataset.ts';
import { openLake } from '../../lambdas/shared/lake.ts';
import type { Lake } from '../../lambdas/shared/object-store.ts';
import { connect } from '../../lambdas/shared/postgres.ts';
import type { Connect, Session } from '../../lambdas/shared/session.ts';
import { createTestDatabase } from './database.ts';

export interface Totesys {
  readonly dataset: Dataset;
  readonly lake: Lake;
  readonly source: Connect;
  readonly warehouse: Connect;
  readonly simulator: Simulator;
  /** Carries what happened into the warehouse. */
  run(): Promise<void>;
  remove(): Promise<void>;
}

export interface CreateTotesysOptions {
  /** Told of the source as it is in every batch. */
  readonly onBatch?: (source: Session) => Promise<void>;
}

export async function createTotesys({ onBatch = async () => undefined }: CreateTotesysOptions = {}): Promise<Totesys> {
  const databases = [await createTestDatabase('totesys'), await createTestDatabase('warehouse')] as const;
  const [source, warehouse] = databases.map(
    ({ url }) =>
      () =>
        connect({ url, role: 'test' }),
  ) as [Connect, Connect];
  const folder = mkdtempSync(join(tmpdir(), 'weir-page-'));
  const dataset = await readDataset(join(SQL_FOLDER, 'totesys'));
  const lake = openLake(folder);
  const log = { info: () => undefined, warn: () => undefined };
  const business = await source();
  const run = async () => {
    await onBatch(business);
    await runPipeline(createPipeline({ dataset, source, warehouse, lake, log }));
  };
  await business.query(readFileSync(join(SQL_FOLDER, 'totesys', 'source', 'schema.sql'), 'utf8'));
  const simulator = await createSimulator({ session: business, seed: 7 });
  await simulator.loadHistory({ until: '2022-12-30' });
  await run();
  await simulator.nextDay();
  await simulator.deleteOrder();
  await run();
  await business.query(
    `alter table design add column collection varchar; update design set collection = 'Spring' where design_id = 1`,
  );
  await business.query(`insert into currency values (99, 'ZZZ', now(), now())`);
  await run();
  return {
    dataset,
    lake,
    source,
    warehouse,
    simulator,
    run,
    async remove() {
      await business.end();
      for (const database of databases) await database.drop();
      rmSync(folder, { recursive: true });
    },
  };
}
