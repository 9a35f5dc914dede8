/** The whole pipeline on this machine: a made-up totesys of two years, then some weekdays, all of it proved to have arrived. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SQL_FOLDER } from '../../pipeline.ts';
import type { Display } from '../../terminal/display.ts';
import { listenForStop } from '../../terminal/stop.ts';
import { counted, seconds } from '../../terminal/words.ts';
import { type CarryOptions, carry } from './carry.ts';
import { createDatabases, type Databases } from './databases.ts';
import { show } from './show.ts';

const FOLDER = join('.weir', 'demo');
const PLACES = { dataset: join(SQL_FOLDER, 'totesys'), lake: join(FOLDER, 'lake') };

export interface DemoOptions extends Omit<CarryOptions, keyof typeof PLACES> {
  /** Keep the server running at the end, until somebody stops it. */
  readonly keep: boolean;
}

/** Starts anew each time. @throws {TerminalError} if source and warehouse differ at the end */
export async function runDemo(options: DemoOptions): Promise<void> {
  const started = performance.now();
  const { until, days, display, keep } = options;
  display.print(
    `Weir: totesys up to ${until} and ${counted(days, 'weekday')} more, on a PostgreSQL of its own in ${FOLDER}\n`,
  );
  const databases = await display.during('PostgreSQL', () => createDatabases(FOLDER));
  try {
    await carry(databases, { ...options, ...PLACES });
    await show(databases, { ...PLACES, display });
    display.print(`\n${seconds(performance.now() - started)} in all, from an empty folder.`);
    if (!keep) display.print('To look further with SQL: npx weir demo --keep');
    else await keepRunning(databases, display);
  } finally {
    await databases.stop();
  }
}

async function keepRunning({ sourceUrl, warehouseUrl }: Databases, display: Display): Promise<void> {
  display.print(`
The server runs until Ctrl-C. Both addresses are of this machine alone and end with it:
  psql '${warehouseUrl}?options=-c%20search_path=totesys'
  psql '${sourceUrl}'
  npx weir status --lake ${PLACES.lake} --warehouse '${warehouseUrl}'`);
  const stop = listenForStop();
  await sleep(2 ** 31 - 1, undefined, { signal: stop }).catch(() => undefined);
}
