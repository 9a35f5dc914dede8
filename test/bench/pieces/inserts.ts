/** What people usually write in place of load: INSERTs of a thousand rows with parameters, in one transaction. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { factFile, type Place, type Run } from '../piece.ts';

const ROWS_PER_INSERT = 1000;

export async function prepare(place: Place): Promise<Run> {
  const client = new pg.Client(place.warehouse);
  await client.connect();
  const insert = async (rows: readonly string[][]) => {
    let parameter = 0;
    const places = rows.map((row) => `(${row.map(() => `$${++parameter}`).join(', ')})`);
    await client.query(`insert into bare.fact_sales_order values ${places.join(', ')}`, rows.flat());
  };
  return async () => {
    let count = 0;
    let rows: string[][] = [];
    await client.query('begin');
    for await (const line of createInterface({ input: createReadStream(factFile(place)) })) {
      rows.push(line.split(',')); // no value of this table holds a comma, a quote or nothing
      count++;
      if (rows.length < ROWS_PER_INSERT) continue;
      await insert(rows);
      rows = [];
    }
    if (rows.length > 0) await insert(rows);
    await client.query('commit');
    return count;
  };
}
