/** Databases on the PostgreSQL of this test run. */
import { randomBytes } from 'node:crypto';
import { connect, identifier } from '../../lambdas/shared/postgres.ts';

/** The environment variable by which the workers learn where the server is. */
export const SERVER_URL = 'WEIR_TEST_POSTGRES_URL';

export interface TestDatabase {
  /** The superuser's address. */
  readonly url: string;
  /** Drops the database and every connection to it. */
  drop(): Promise<void>;
}

/** Creates an empty database that no other test knows; drop it in `afterAll`. The name only helps to recognise it. */
export async function createTestDatabase(name = 'test'): Promise<TestDatabase> {
  const unique = `${name}_${randomBytes(6).toString('hex')}`;
  await onServer(`create database ${identifier(unique)}`);
  return {
    url: databaseUrl(unique),
    drop: () => onServer(`drop database if exists ${identifier(unique)} with (force)`),
  };
}

/** The superuser's address of any database on the server of this run. */
export function databaseUrl(database: string): string {
  const server = process.env[SERVER_URL];
  if (server === undefined) throw new Error(`${SERVER_URL} is not set: run the tests with \`npm test\``);
  return new URL(encodeURIComponent(database), server).href;
}

async function onServer(sql: string): Promise<void> {
  const session = await connect({ url: databaseUrl('postgres'), role: 'test' });
  await session.query(sql).finally(() => session.end());
}
