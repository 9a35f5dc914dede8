/** The port to a PostgreSQL server: one connection, SQL in, rows out, and COPY both ways as streams. */
import type { Readable } from 'node:stream';

/** One connection to PostgreSQL. Not safe for concurrent use. */
export interface Session {
  /** Runs one statement and returns its rows, every value as PostgreSQL's text or null: nothing is rounded to a JavaScript number. */
  query<Row extends object = Record<string, unknown>>(sql: string, values?: readonly unknown[]): Promise<Row[]>;

  /** Runs one statement. @returns the number of rows it touched */
  execute(sql: string, values?: readonly unknown[]): Promise<number>;

  /** Runs `COPY … TO STDOUT`, piping it into `sink`. @returns the number of rows, when the sink has taken all of them. */
  copyOut(sql: string, sink: NodeJS.WritableStream): Promise<number>;

  /** Runs `COPY … FROM STDIN`. @returns the number of rows. */
  copyIn(sql: string, source: Readable): Promise<number>;

  /** Closes the connection; an open transaction is rolled back. Safe to call twice. */
  end(): Promise<void>;
}

/** Opens a session; a stage opens what it needs and ends it. */
export type Connect = () => Promise<Session>;
