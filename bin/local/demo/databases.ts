/** The demo's databases on a PostgreSQL of its own: a source that Weir may only read, and an empty warehouse. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, literal } from '../../../lambdas/shared/postgres.ts';
import type { Session } from '../../../lambdas/shared/session.ts';
import { SQL_FOLDER } from '../../pipeline.ts';
import { removePostgres, startPostgres } from '../postgres.ts';

export interface Databases {
  /** With SELECT rights alone, for Weir. */
  readonly sourceUrl: string;
  readonly warehouseUrl: string;
  /** Of the owner of the source, for the business. */
  readonly business: Session;
  /** Ends the session and the server. */
  stop(): Promise<void>;
}

/** Starts from nothing, whatever an earlier demo left in the folder, running or not. */
export async function createDatabases(directory: string): Promise<Databases> {
  await removePostgres(directory);
  const server = await startPostgres({ directory, durable: false });
  const ownerUrl = await server.createDatabase('totesys');
  const warehouseUrl = await server.createDatabase('warehouse');
  const business = await connect({ url: ownerUrl, role: 'source' });
  for (const file of ['schema.sql', 'role.sql'])
    await business.query(readFileSync(join(SQL_FOLDER, 'totesys', 'source', file), 'utf8'));
  const password = randomBytes(18).toString('base64url');
  await business.query(`alter role weir password ${literal(password)}`);
  const sourceUrl = new URL(ownerUrl);
  sourceUrl.username = 'weir';
  sourceUrl.password = password;
  return {
    sourceUrl: sourceUrl.href,
    warehouseUrl,
    business,
    stop: async () => {
      await business.end();
      await server.stop();
    },
  };
}
