/** Credentials from Secrets Manager against a real PostgreSQL; the service is an HTTP server that speaks its protocol. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ENVIRONMENT } from '../../lambdas/shared/contract.ts';
import { readFunctionEnvironment } from '../../lambdas/shared/function-environment.ts';
import { connect } from '../../lambdas/shared/postgres.ts';
import { connectWithSecret } from '../../lambdas/shared/secret-session.ts';
import type { Connect, Session } from '../../lambdas/shared/session.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const ARN = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:weir';
const AWKWARD = 'first @:/%?#';

let database: TestDatabase;
let admin: Session;
let role: string;
let service: Server;
let secret: string;
let asked: unknown[];

beforeAll(async () => {
  database = await createTestDatabase('secret');
  admin = await connect({ url: database.url, role: 'test' });
  role = `reader_${database.url.slice(-8)}`;
  await admin.query(`create role ${role} login`);
  service = createServer(async (request, response) => {
    asked.push(await json(request));
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify({ SecretString: secret }));
  });
  await new Promise<void>((listening) => service.listen(0, '127.0.0.1', listening));
});

afterAll(async () => {
  service?.close();
  await admin?.query(`drop role ${role}`);
  await admin?.end();
  await database?.drop();
});

beforeEach(async () => {
  asked = [];
  await setPassword(AWKWARD);
  secret = JSON.stringify({ username: role, password: AWKWARD });
});

const setPassword = (password: string) => admin.query(`alter role ${role} password '${password}'`);

function opener(variables: NodeJS.ProcessEnv = {}): Connect {
  const { hostname, port, pathname } = new URL(database.url);
  const environment = readFunctionEnvironment({
    [ENVIRONMENT.dataset]: 'totesys',
    [ENVIRONMENT.ingestionBucket]: 'ingestion',
    [ENVIRONMENT.processedBucket]: 'processed',
    [ENVIRONMENT.databaseSecret]: ARN,
    [ENVIRONMENT.databaseHost]: hostname,
    [ENVIRONMENT.databasePort]: port,
    [ENVIRONMENT.databaseName]: pathname.slice(1),
    [ENVIRONMENT.databaseTls]: 'off',
    ...variables,
  });
  const client = new SecretsManagerClient({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${(service.address() as AddressInfo).port}`,
    credentials: { accessKeyId: 'id', secretAccessKey: 'key' },
  });
  return connectWithSecret({ environment, role: 'source', client });
}

async function roleOf(open: Connect): Promise<unknown> {
  const session = await open();
  return session.query('select current_user as role').finally(() => session.end());
}

test('the secret is fetched once for many sessions, and its password may hold any character', async () => {
  const open = opener();
  expect(await roleOf(open)).toEqual([{ role }]);
  expect(await roleOf(open)).toEqual([{ role }]);
  expect(asked).toEqual([{ SecretId: ARN }]);
});

test('a rotated password is fetched once when the server refuses the old one', async () => {
  const open = opener();
  await roleOf(open);
  await setPassword('second');
  secret = JSON.stringify({ username: role, password: 'second' });
  expect(await roleOf(open)).toEqual([{ role }]);
  expect(await roleOf(open)).toEqual([{ role }]);
  expect(asked).toHaveLength(2);
});

test('a password that stays wrong fails without showing it, and is fetched anew by the next run', async () => {
  const open = opener();
  await roleOf(open);
  await setPassword('third');
  const error = await roleOf(open).catch(String);
  expect(error).toMatch(/password authentication failed .*\(28P01\); check the password/);
  expect(error).not.toContain(AWKWARD);
  expect(asked).toHaveLength(2);
  secret = JSON.stringify({ username: role, password: 'third' });
  expect(await roleOf(open)).toEqual([{ role }]);
});

test('a secret that holds host, port and name needs none of them in the environment', async () => {
  const { hostname, port, pathname } = new URL(database.url);
  secret = JSON.stringify({
    username: role,
    password: AWKWARD,
    host: hostname,
    port: Number(port),
    dbname: pathname.slice(1),
  });
  const none = {
    [ENVIRONMENT.databaseHost]: undefined,
    [ENVIRONMENT.databasePort]: undefined,
    [ENVIRONMENT.databaseName]: undefined,
  };
  expect(await roleOf(opener(none))).toEqual([{ role }]);
});

test.each([
  ['no JSON', 'hunter2', /must be JSON with username and password/],
  ['no password', '{"username": "hunter2"}', /must be JSON with username and password/],
])('a secret with %s is refused by its name, without its content', async (_case, content, message) => {
  secret = content;
  const error = await roleOf(opener()).catch(String);
  expect(error).toMatch(message);
  expect(error).toContain(ARN);
  expect(error).not.toContain('hunter2');
});

test('a missing host is said before anything is tried', async () => {
  await expect(roleOf(opener({ [ENVIRONMENT.databaseHost]: undefined }))).rejects.toThrow(
    'says which host to connect to',
  );
});

test('a server without TLS is refused unless the environment says so', async () => {
  await expect(roleOf(opener({ [ENVIRONMENT.databaseTls]: 'rds' }))).rejects.toThrow('does not support SSL');
});

test('a missing variable is refused by name', () => {
  expect(() => readFunctionEnvironment({})).toThrow(ENVIRONMENT.dataset);
});
