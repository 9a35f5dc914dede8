/** What a test of the whole pipeline needs: the lending library of the fixtures, a source on a server of its own, empty warehouses. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removePostgres, startPostgres } from '../../bin/local/postgres.ts';
import { readDataset } from '../../bin/pipeline.ts';
import type { Dataset } from '../../lambdas/shared/dataset.ts';
import type { Log } from '../../lambdas/shared/log.ts';
import { connect, identifier } from '../../lambdas/shared/postgres.ts';
import type { Connect, Session } from '../../lambdas/shared/session.ts';
import { createTestDatabase } from './database.ts';
import { type Contents, readContents } from './warehouse-contents.ts';

/** The folder of the data set that tests use: of nothing that the engine could know by name. */
export const LIBRARY = join(import.meta.dirname, '..', 'fixtures', 'library');

export const QUIET: Log = { info: () => undefined, warn: () => undefined };

export interface TestSource {
  readonly url: string;
  readonly connect: Connect;
  /** For the changes that the test makes. */
  readonly session: Session;
  /** Makes all tables anew, empty. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a server for the source alone, with the empty tables of the library. Transactions of other tests on a shared
 * server would hold the horizon back, and the same change would make more batches in one run than in another.
 */
export async function startTestSource(): Promise<TestSource> {
  const directory = mkdtempSync(join(tmpdir(), `weir-test-${process.pid}-source-`));
  const server = await startPostgres({ directory, durable: false });
  const url = await server.createDatabase('library');
  const open = () => connect({ url, role: 'source' });
  const session = await open();
  const schema = readFileSync(join(LIBRARY, 'source', 'schema.sql'), 'utf8');
  const source: TestSource = {
    url,
    connect: open,
    session,
    reset: async () => {
      await session.query(`drop schema public cascade; create schema public; ${schema}`);
    },
    stop: async () => {
      await session.end();
      await server.stop();
      await removePostgres(directory);
    },
  };
  await source.reset();
  return source;
}

export interface TestWarehouse {
  readonly url: string;
  readonly connect: Connect;
  readonly session: Session;
  /** All tables of the data set's schema with all their rows. */
  contents(): Promise<Contents>;
  /** Makes it as it was before the first load. */
  empty(): Promise<void>;
  drop(): Promise<void>;
}

/** Creates an empty warehouse database on the server of this test run. */
export async function createTestWarehouse({ warehouse: { schema } }: Dataset): Promise<TestWarehouse> {
  const database = await createTestDatabase('warehouse');
  const open = () => connect({ url: database.url, role: 'warehouse' });
  const session = await open();
  return {
    url: database.url,
    connect: open,
    session,
    contents: () => readContents(session, schema),
    empty: async () => {
      await session.query(`set client_min_messages = warning; drop schema if exists ${identifier(schema)} cascade`);
    },
    drop: async () => {
      await session.end();
      await database.drop();
    },
  };
}

export function readLibrary(): Promise<Dataset> {
  return readDataset(LIBRARY);
}

/** A temporary folder, in memory where the system has one there; remove it in `afterAll`. */
export function createFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'weir-rig-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
