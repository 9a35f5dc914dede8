/** The ingest stage: the first batch, all eleven tables, into an empty lake; compressed, hashed, flushed and committed. */
import type { Place, Run } from '../piece.ts';
import { openPipeline } from './pipeline.ts';

export async function prepare(place: Place): Promise<Run> {
  const pipeline = await openPipeline(place);
  return async () => {
    const batch = await pipeline.ingest();
    return Object.values(batch?.tables ?? {}).reduce((sum, { data }) => sum + (data?.rows ?? 0), 0);
  };
}
