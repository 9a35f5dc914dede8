/** The end of `weir demo --serve`: the business goes on, and a web page shows how its rows flow. */
import { setTimeout as sleep } from 'node:timers/promises';
import { readHeads } from '../../heads.ts';
import { startPage } from '../../page/start-page.ts';
import { createPipeline, type PipelineOptions } from '../../pipeline.ts';
import { listenForStop } from '../../terminal/stop.ts';
import { createWatchView } from '../../terminal/watch-view.ts';
import { createWatch } from '../../watch.ts';
import type { Simulator } from '../simulator/simulator.ts';

export interface ServeOptions extends Pick<PipelineOptions, 'dataset' | 'source' | 'warehouse' | 'lake'> {
  readonly simulator: Simulator;
  readonly port: number | undefined;
  /** For whoever wants to look with other tools. */
  readonly sourceUrl: string;
  readonly warehouseUrl: string;
  readonly lakeAddress: string;
}

const PASS_SECONDS = 2;
const EVENT_MILLIS = 1500;

/** Returns when somebody stops it. */
export async function serve({ simulator, port, ...ends }: ServeOptions): Promise<void> {
  const view = createWatchView({ detail: false });
  const over = new AbortController();
  const stop = AbortSignal.any([over.signal, listenForStop()]);
  const watching = createWatch({
    pipeline: createPipeline({ ...ends, log: view.log }),
    display: view,
    stop,
    every: PASS_SECONDS,
    onPass: view.report,
  });
  const page = await startPage({ ...ends, port, activity: watching.activity });
  view.note(`
The business goes on until Ctrl-C, and ${page.url} shows it.
All addresses are of this machine alone and end with it:
  psql '${ends.warehouseUrl}?options=-c%20search_path=${ends.dataset.warehouse.schema}'
  psql '${ends.sourceUrl}'
  npx weir status --lake ${ends.lakeAddress} --warehouse '${ends.warehouseUrl}'
  npx weir verify --lake ${ends.lakeAddress} --warehouse '${ends.warehouseUrl}' --source '${ends.sourceUrl}'
`);
  view.begin([page.url], await readHeads(ends));
  try {
    await Promise.all([watching.run().finally(() => over.abort()), goOn(simulator, stop).finally(() => over.abort())]);
  } finally {
    view.end();
    await page.close();
  }
}

async function goOn(simulator: Simulator, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    await simulator.tick();
    await sleep(EVENT_MILLIS, undefined, { signal: stop }).catch(() => undefined);
  }
}
