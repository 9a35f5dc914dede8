/** A totesys with its business history, an empty warehouse, and the secrets by which the functions find them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createSimulator, type Simulator } from '../../bin/local/simulator/simulator.ts';
import { SQL_FOLDER } from '../../bin/pipeline.ts';
import { connect, literal } from '../../lambdas/shared/postgres.ts';
import type { Session } from '../../lambdas/shared/session.ts';
import { createTestDatabase } from '../support/database.ts';

export interface Totesys {
  /** The owner's session on the source. */
  readonly source: Session;
  readonly warehouse: Session;
  /** As a reader of the source without any other right, and as an owner of the warehouse. */
  readonly urls: { readonly source: string; readonly warehouse: string };
  readonly simulator: Simulator;
  /** Gives the reader another password, which its secret does not know yet. */
  changePassword(password: string): Promise<void>;
  /** Writes it into the secret. */
  tellPassword(password: string): Promise<void>;
  close(): Promise<void>;
}

const PASSWORD = 'p@ss:w/rd?#%"\\'; // every character that an address or a document would trip over

export async function createTotesys(): Promise<Totesys> {
  const databases = [await createTestDatabase('totesys'), await createTestDatabase('warehouse')];
  const [owner = '', warehouseUrl = ''] = databases.map(({ url }) => url);
  const source = await connect({ url: owner, role: 'source' });
  const warehouse = await connect({ url: warehouseUrl, role: 'warehouse' });
  for (const file of ['schema.sql', 'role.sql'])
    await source.query(readFileSync(join(SQL_FOLDER, 'totesys', 'source', file), 'utf8'));
  const changePassword = async (password: string) => {
    await source.query(`alter role weir password ${literal(password)}`);
  };
  const tellPassword = (password: string) => putSecret('totesys', { ...addressOf(owner), username: 'weir', password });
  await changePassword(PASSWORD);
  const simulator = await createSimulator({ session: source, seed: 1 });
  await simulator.loadHistory();
  const reader = new URL(owner);
  reader.username = 'weir';
  reader.password = encodeURIComponent(PASSWORD);
  await tellPassword(PASSWORD);
  await putSecret('warehouse', addressOf(warehouseUrl));
  return {
    source,
    warehouse,
    urls: { source: reader.href, warehouse: warehouseUrl },
    simulator,
    changePassword,
    tellPassword,
    async close() {
      await source.end();
      await warehouse.end();
      for (const database of databases) await database.drop();
    },
  };
}

/** In the form in which RDS keeps its secrets. */
function addressOf(url: string) {
  const { username, password, hostname, port, pathname } = new URL(url);
  return { username, password: decodeURIComponent(password), host: hostname, port, dbname: pathname.slice(1) };
}

async function putSecret(name: string, value: object): Promise<void> {
  const SecretString = JSON.stringify(value);
  await new SecretsManagerClient().send(new PutSecretValueCommand({ SecretId: name, SecretString }));
}
