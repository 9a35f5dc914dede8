/** The floor of ingest: the same eleven tables by `COPY … TO STDOUT`, thrown away. */
import { Writable } from 'node:stream';
import { connect, identifier } from '../../../lambdas/shared/postgres.ts';
import type { Place, Run } from '../piece.ts';

export async function prepare({ source }: Place): Promise<Run> {
  const session = await connect({ url: source, role: 'source' });
  const tables = await session.query<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'public'`,
  );
  return async () => {
    let rows = 0;
    for (const { name } of tables)
      rows += await session.copyOut(`copy ${identifier(name)} to stdout (format csv, header true)`, nowhere());
    return rows;
  };
}

function nowhere(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}
