/** The load stage: the first batch, all eleven models, into an empty warehouse; staged, applied, counted and committed. */
import type { Place, Run } from '../piece.ts';
import { openPipeline } from './pipeline.ts';

export async function prepare(place: Place): Promise<Run> {
  const pipeline = await openPipeline(place);
  return async () => {
    const [batch] = await pipeline.load();
    return batch?.models.fact_sales_order?.inserted ?? 0;
  };
}
