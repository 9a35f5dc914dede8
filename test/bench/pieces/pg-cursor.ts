/** What people usually write in place of ingest: a cursor, rows as objects, JSON lines. */
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import Cursor from 'pg-cursor';
import type { Place, Run } from '../piece.ts';

const ROWS_PER_READ = 1000;

export async function prepare({ source, files }: Place): Promise<Run> {
  const client = new pg.Client(source);
  await client.connect();
  const { rows: tables } = await client.query<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'public'`,
  );
  return async () => {
    let count = 0;
    for (const { name } of tables) {
      const cursor = client.query(new Cursor(`select * from ${pg.escapeIdentifier(name)}`));
      const lines = async function* () {
        for (let rows = await cursor.read(ROWS_PER_READ); rows.length > 0; rows = await cursor.read(ROWS_PER_READ)) {
          count += rows.length;
          yield rows.map((row) => `${JSON.stringify(row)}\n`).join('');
        }
      };
      await pipeline(Readable.from(lines()), createWriteStream(join(files, `${name}.jsonl`)));
      await cursor.close();
    }
    return count;
  };
}
