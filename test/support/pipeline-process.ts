/** A process that runs the pipeline of the library once, and says how far it is: made to be killed. */
import { createPipeline } from '../../bin/pipeline.ts';
import { openLake } from '../../lambdas/shared/lake.ts';
import { connect } from '../../lambdas/shared/postgres.ts';
import { QUIET, readLibrary } from './rig.ts';

const [source = '', warehouse = '', lake = '', now = ''] = process.argv.slice(2);
const say = (progress: string) => process.stdout.write(`${progress}\n`);
const pipeline = createPipeline({
  dataset: await readLibrary(),
  source: () => connect({ url: source, role: 'source' }),
  warehouse: () => connect({ url: warehouse, role: 'warehouse' }),
  lake: openLake(lake),
  log: QUIET,
  clock: () => new Date(now),
});
say('started');
await pipeline.ingest();
say('captured');
await pipeline.transform();
say('transformed');
await pipeline.load();
say('loaded');
