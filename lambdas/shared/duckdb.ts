/** DuckDB in this process, bounded in memory and threads, with its errors sorted into what they mean here. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { messageOf, RetryableError, TerminalError } from './errors.ts';

export interface Duckdb {
  /** Runs a statement, or several separated by semicolons; rows are thrown away. */
  run(sql: string): Promise<void>;
  /** Runs a query whose result is small. Integers come as text or number by DuckDB's JSON rules. */
  rows<Row extends object>(sql: string): Promise<Row[]>;
  /** The unqualified names of the tables that a query reads, as DuckDB's own parser sees them. */
  tableNames(sql: string): readonly string[];
  close(): void;
}

/** A value that does not fit: the one kind of error that is about rows and not about the model or the machine. */
export class ValueError extends TerminalError {
  override readonly name = 'ValueError';
}

/** A row of a CSV file is longer than the buffers it is read through. */
export class LongRowError extends TerminalError {
  override readonly name = 'LongRowError';
}

export interface OpenDuckdbOptions {
  /** A folder on local disk for what does not fit into memory. */
  readonly directory: string;
  /** Memory of the process in MB, of which DuckDB gets 60 %. @default - the function's memory on Lambda, else 512 */
  readonly memoryMegabytes?: number;
  /** @default - one for every vCPU that this memory buys on Lambda, else one for every core */
  readonly threads?: number;
}

/** Set on Lambda only, in MB. */
const LAMBDA_MEMORY = process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE;
const MEGABYTES_PER_VCPU = 1769; // https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html

export async function openDuckdb({
  directory,
  memoryMegabytes = Number(LAMBDA_MEMORY ?? 512),
  threads = LAMBDA_MEMORY === undefined
    ? availableParallelism()
    : Math.max(1, Math.floor(memoryMegabytes / MEGABYTES_PER_VCPU)),
}: OpenDuckdbOptions): Promise<Duckdb> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(threads),
    memory_limit: `${Math.floor(memoryMegabytes * 0.6)}MB`,
    temp_directory: join(directory, 'duckdb'),
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    enable_external_file_cache: 'false', // it takes a file of the same name, size and second for the same file, and gives the bytes of before
  });
  const connection = await instance.connect();
  return wrap(connection, () => {
    connection.closeSync();
    instance.closeSync();
  });
}

function wrap(connection: DuckDBConnection, close: () => void): Duckdb {
  return {
    async run(sql) {
      await connection.run(sql).catch((error) => Promise.reject(classify(error)));
    },
    async rows<Row extends object>(sql: string) {
      const reader = await connection.runAndReadAll(sql).catch((error) => Promise.reject(classify(error)));
      return reader.getRowObjectsJson() as unknown as Row[];
    },
    tableNames: (sql) => connection.getTableNames(sql, false),
    close,
  };
}

/** Sorts by the class name that DuckDB puts before its messages. */
function classify(error: unknown): Error {
  const message = messageOf(error);
  if (/Maximum line size/.test(message)) return new LongRowError(message.slice(0, 300), { cause: error });
  if (/CSV Error/.test(message)) return new TerminalError(message, { cause: error });
  if (/^(Conversion|Out of Range|Invalid Input|Mismatch Type)/.test(message))
    return new ValueError(message, { cause: error });
  if (/^(IO|Out of Memory|TransactionContext|INTERNAL|FATAL|Interrupt)/i.test(message)) {
    const advice = /no space left/i.test(message) ? 'make room on the local disk and run again' : 'run again';
    return new RetryableError(`duckdb: ${message}; nothing was committed, ${advice}`, { cause: error });
  }
  return new TerminalError(message, { cause: error });
}

/** Quotes a name as an SQL identifier, for DuckDB as for PostgreSQL. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Quotes a text as a DuckDB string literal (backslashes mean themselves). */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
