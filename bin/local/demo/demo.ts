/** The whole pipeline on this machine: a made-up totesys of two years, then some weekdays, all of it proved to have arrived. */
import { join } from 'node:path';
import { openLake } from '../../../lambdas/shared/lake.ts';
import { connect } from '../../../lambdas/shared/postgres.ts';
import { createPipeline, readDataset, SQL_FOLDER } from '../../pipeline.ts';
import type { Display } from '../../terminal/display.ts';
import { counted, seconds } from '../../terminal/words.ts';
import type { Verification } from '../../verify/verify.ts';
import { createSimulator } from '../simulator/simulator.ts';
import { carry } from './carry.ts';
import { createDatabases } from './databases.ts';
import { serve } from './serve.ts';
import { show } from './show.ts';

const FOLDER = join('.weir', 'demo');
const LAKE = join(FOLDER, 'lake');
const DATASET = join(SQL_FOLDER, 'totesys');

export interface DemoOptions {
  readonly seed: number;
  /** Weekdays after the history. */
  readonly days: number;
  /** Last day of the history, `yyyy-mm-dd`. */
  readonly until: string;
  /** Let the business go on at the end and show it as a web page, until somebody stops it. */
  readonly serve: boolean;
  /** Of the web page. @default - the usual one, or a free one */
  readonly port?: number | undefined;
  readonly display: Display;
}

/** Starts anew each time. @returns the proof that all arrived @throws {TerminalError} if source and warehouse differ at the end */
export async function runDemo(options: DemoOptions): Promise<Verification> {
  const started = performance.now();
  const { seed, until, days, display } = options;
  display.print(
    `Weir: totesys up to ${until} and ${counted(days, 'weekday')} more, on a PostgreSQL of its own in ${FOLDER}\n`,
  );
  const databases = await display.during('PostgreSQL', () => createDatabases(FOLDER));
  const { business, sourceUrl, warehouseUrl } = databases;
  try {
    const ends = {
      dataset: await readDataset(DATASET),
      source: () => connect({ url: sourceUrl, role: 'source' }),
      warehouse: () => connect({ url: warehouseUrl, role: 'warehouse' }),
      lake: openLake(LAKE),
    };
    const simulator = await createSimulator({ session: business, seed });
    const pipeline = createPipeline({ ...ends, log: display.log });
    await carry({ business, simulator, pipeline, until, days, display });
    const verification = await show({ ...ends, display });
    display.print(`\n${seconds(performance.now() - started)} in all, from an empty folder.`);
    if (options.serve)
      await serve({ ...ends, sourceUrl, warehouseUrl, lakeAddress: LAKE, simulator, port: options.port });
    else display.print('To see it as a web page while the business goes on: npx weir demo --serve');
    return verification;
  } finally {
    await databases.stop();
  }
}
