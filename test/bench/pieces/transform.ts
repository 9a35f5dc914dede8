/** The transform stage on the first batch: fetched, checked, remodelled, profiled, stored and committed. */
import type { Place, Run } from '../piece.ts';
import { openPipeline } from './pipeline.ts';

export async function prepare(place: Place): Promise<Run> {
  const pipeline = await openPipeline(place);
  return async () => {
    const [batch] = await pipeline.transform();
    return Object.values(batch?.models ?? {}).reduce((sum, { data }) => sum + data.rows, 0);
  };
}
