/** One sales order changes in the source, and all three stages carry the change into the warehouse, one after the other. */
import { runPipeline } from '../../../bin/pipeline.ts';
import { connect } from '../../../lambdas/shared/postgres.ts';
import type { Place, Run } from '../piece.ts';
import { openPipeline } from './pipeline.ts';

export async function prepare(place: Place): Promise<Run> {
  const pipeline = await openPipeline(place);
  const session = await connect({ url: place.source, role: 'source' });
  return async () => {
    await session.execute('update sales_order set units_sold = units_sold + 1 where sales_order_id = 1000');
    const { loaded } = await runPipeline(pipeline);
    const changed = loaded[0]?.models.fact_sales_order?.changed ?? 0;
    if (changed !== 1) throw new Error(`one order changed, the warehouse took in ${changed}`);
    return changed;
  };
}
