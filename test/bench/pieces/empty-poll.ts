/** A poll of all eleven tables that finds nothing: connection, snapshot, catalogue and census included. */
import type { Place, Run } from '../piece.ts';
import { openPipeline } from './pipeline.ts';

export async function prepare(place: Place): Promise<Run> {
  const pipeline = await openPipeline(place);
  return async () => {
    const batch = await pipeline.ingest();
    if (batch !== undefined) throw new Error(`the poll found a batch: ${batch.cause}`);
    return 0;
  };
}
