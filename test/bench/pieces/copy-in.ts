/** A bare COPY of the rows of fact_sales_order, record ids included, into the table that `prepareBareTable` made. */
import { createReadStream } from 'node:fs';
import { connect } from '../../../lambdas/shared/postgres.ts';
import { factFile, type Place, type Run } from '../piece.ts';

export async function prepare(place: Place): Promise<Run> {
  const session = await connect({ url: place.warehouse, role: 'warehouse' });
  return () => session.copyIn('copy bare.fact_sales_order from stdin (format csv)', createReadStream(factFile(place)));
}
