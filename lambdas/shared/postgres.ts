/** The adapter of the session port: `pg` for statements, `pg-copy-streams` for COPY, and PostgreSQL's errors in Weir's words. */
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { messageOf, RetryableError, TerminalError, UsageError } from './errors.ts';
import type { Session } from './session.ts';

export interface ConnectOptions {
  /** `postgres://user:password@host:port/database`; TLS and timeouts by query parameters, as `pg` reads them. */
  readonly url: string;
  /** What this database is to us, for messages: `source` or `warehouse`. */
  readonly role: string;
  /** @default - as the URL says: no TLS unless it has an `sslmode` */
  readonly tls?: Tls | undefined;
  /** @default - 10 seconds */
  readonly connectTimeoutMillis?: number;
}

/** TLS with the server's certificate and name verified. */
export interface Tls {
  /** PEM texts. Undefined: those of Node.js. */
  readonly certificateAuthorities: string[] | undefined;
}

/** Dates as ISO, time in UTC, floats and bytes without loss: the text that Weir reads and writes never depends on the server's settings. */
const SESSION_SETTINGS = `
  set datestyle = 'ISO, MDY';
  set intervalstyle = 'iso_8601';
  set timezone = 'UTC';
  set extra_float_digits = 1;
  set bytea_output = 'hex';
  set client_encoding = 'UTF8';
  set standard_conforming_strings = on`;

/** Opens a connection. @throws {TerminalError} when the server refuses us, {@link RetryableError} when it cannot be reached. */
export async function connect({ url, role, tls, connectTimeoutMillis = 10_000 }: ConnectOptions): Promise<Session> {
  assertPostgresUrl(url, role);
  const client = new pg.Client({
    connectionString: url,
    application_name: 'weir',
    connectionTimeoutMillis: connectTimeoutMillis,
    keepAlive: true,
    ...(tls === undefined ? {} : { ssl: { ca: tls.certificateAuthorities, rejectUnauthorized: true } }),
    types: { getTypeParser: () => (text: string) => text },
  });
  let lost: Error | undefined;
  client.on('error', (error) => {
    lost = error;
  });
  const explain = (error: unknown) => explainError({ error: lost ?? error, role, client });
  const abandon = () => client.connection.stream.destroy();
  try {
    await client.connect();
    await client.query(SESSION_SETTINGS);
  } catch (error) {
    abandon();
    throw explain(error);
  }

  return {
    query: (sql, values = []) =>
      client.query(sql, [...values]).then(
        (result) => result.rows,
        (error) => Promise.reject(explain(error)),
      ),

    execute: (sql, values = []) =>
      client.query(sql, [...values]).then(
        (result) => result.rowCount ?? 0,
        (error) => Promise.reject(explain(error)),
      ),

    async copyOut(sql, sink) {
      const rows = client.query(copyTo(sql));
      try {
        await pipeline(rows, sink);
        await client.query(''); // the row count comes with the server's CommandComplete, just after the last row
      } catch (error) {
        abandon(); // a COPY that nobody reads to its end leaves the connection useless
        throw explain(error);
      }
      return rows.rowCount;
    },

    async copyIn(sql, source) {
      const rows = client.query(copyFrom(sql));
      await pipeline(source, rows).catch((error) => Promise.reject(explain(error)));
      return rows.rowCount;
    },

    async end() {
      await Promise.race([
        client.end().catch(() => undefined),
        new Promise((resolve) => setTimeout(resolve, 2_000).unref()),
      ]);
      abandon();
    },
  };
}

/** Quotes a name from the catalogue as an SQL identifier. */
export function identifier(name: string): string {
  return pg.escapeIdentifier(name);
}

/** Quotes a text as an SQL literal, for the few places where PostgreSQL takes no parameter. */
export function literal(text: string): string {
  return pg.escapeLiteral(text);
}

/** The SQLSTATE behind an error of a session; '' if the server did not give one. */
export function sqlStateOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof pg.DatabaseError ? (cause.code ?? '') : '';
}

/** The address without its secrets, for messages. */
export function redactUrl(url: string): string {
  if (!URL.canParse(url)) return '(not a URL)';
  const { protocol, host, pathname, username } = new URL(url);
  return `${protocol}//${username === '' ? '' : `${username}@`}${host}${pathname}`;
}

/** @throws {UsageError} if the address cannot be one of PostgreSQL */
export function assertPostgresUrl(url: string, role: string): void {
  const form = 'postgres://user:password@host:port/database';
  if (!URL.canParse(url))
    throw new UsageError(`the ${role} address is not a URL; write ${form} and percent-encode its special characters`);
  if (!/^postgres(ql)?:$/.test(new URL(url).protocol))
    throw new UsageError(`the ${role} address ${redactUrl(url)} is not a PostgreSQL URL; write ${form}`);
}

/** SQLSTATE classes and codes that a retry may cure. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const RETRYABLE_STATES = /^(08|40|53|57P0|58|55P03|57014|XX000)/;

const ADVICE: Readonly<Record<string, string>> = {
  '28P01': 'check the password',
  '28000': 'check the user and what pg_hba.conf allows',
  '3D000': 'create the database or correct its name in the address',
  '42501': 'grant the missing right',
  '53100': 'the server’s disk is full; make room and run again',
  '55P03': 'another session holds a lock; the next run tries again',
};

function explainError({ error, role, client }: { error: unknown; role: string; client: pg.Client }): Error {
  if (error instanceof TerminalError || error instanceof RetryableError) return error;
  const server = `${role} ${client.host}:${client.port}/${client.database ?? ''} as ${client.user ?? ''}`;
  const state = error instanceof pg.DatabaseError ? (error.code ?? '') : '';
  const advice = ADVICE[state];
  const text = `${server}: ${messageOf(error)}${detailOf(error)}${state === '' ? '' : ` (${state})`}${advice === undefined ? '' : `; ${advice}`}`;
  if (state !== '' && !RETRYABLE_STATES.test(state)) return new TerminalError(text, { cause: error });
  return new RetryableError(state === '' ? `${text}; check that the server is up and can be reached` : text, {
    cause: error,
  });
}

function detailOf(error: unknown): string {
  return error instanceof pg.DatabaseError && error.where !== undefined ? ` [${error.where.split('\n')[0]}]` : '';
}
