/** A local AWS for the tests: MiniStack on a free port of this machine, gone with the process that started it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const REGION = 'eu-west-2';
export const ACCOUNT = '000000000000';
const ROOT = join(import.meta.dirname, '..', '..');
const START_SECONDS = 60;

export interface Emulator {
  readonly url: string;
  /** What an AWS client needs to reach it as the owner of the account. */
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
  stop(): Promise<void>;
}

export interface EmulatorOptions {
  readonly python: string;
  /** For its log and its temporary files. */
  readonly folder: string;
  /** Whether it serves TLS, checks signatures and enforces the policies of roles and buckets. */
  readonly strict: boolean;
}

/** @throws {Error} with the path of the log when it is not up within a minute */
export async function startEmulator({ python, folder, strict }: EmulatorOptions): Promise<Emulator> {
  const temporary = join(folder, 'tmp');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  writeFileSync(join(temporary, 'package.json'), '{}'); // it runs CommonJS there, which the project's own package.json would forbid
  const logFile = join(folder, 'log');
  const port = await freePort();
  const log = openSync(logFile, 'w');
  const emulator = spawn(python, [join(import.meta.dirname, 'emulator.py')], {
    cwd: folder,
    detached: true, // a process group of its own
    stdio: ['pipe', log, log],
    env: {
      // the functions run on the Node of this project, and find the SDK that Lambda gives to functions without their own
      PATH: [join(ROOT, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
      NODE_PATH: join(ROOT, 'node_modules'),
      HOME: temporary,
      TMPDIR: temporary,
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      MINISTACK_REGION: REGION,
      MINISTACK_ACCOUNT_ID: ACCOUNT,
      IOT_MTLS_ENABLED: '0',
      SFTP_ENABLED: '0',
      ...(strict ? { AUTH: 'true', USE_SSL: '1' } : {}),
    },
  });
  const ended = once(emulator, 'exit');
  const certificate = join(temporary, 'ministack-tls', 'server.crt');
  await untilItListens(port, () => emulator.exitCode !== null, logFile);
  return {
    url: `${strict ? 'https' : 'http'}://127.0.0.1:${port}`,
    environment: {
      AWS_ENDPOINT_URL: `${strict ? 'https' : 'http'}://127.0.0.1:${port}`,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: ACCOUNT, // an account's number is its owner's key
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_EC2_METADATA_DISABLED: 'true',
      ...(strict ? { NODE_EXTRA_CA_CERTS: certificate, AWS_CA_BUNDLE: certificate } : {}),
    },
    logFile,
    async stop() {
      emulator.stdin?.destroy();
      await ended;
    },
  };
}

async function untilItListens(port: number, ended: () => boolean, logFile: string): Promise<void> {
  for (let attempt = 0; attempt < START_SECONDS * 5 && !ended(); attempt += 1) {
    const open = await fetch(`http://127.0.0.1:${port}/_ministack/health`).then(
      () => true,
      // a server that speaks TLS hangs up on a plain request
      (error) => error.cause?.code !== 'ECONNREFUSED',
    );
    if (open) return;
    await sleep(200);
  }
  throw new Error(`the emulator did not start; see ${logFile}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port on 127.0.0.1');
  return address.port;
}
