/** The reports of a data set: the question in the first line of each file, answered by the warehouse. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listFolder } from '../../../lambdas/shared/seeds.ts';
import type { Session } from '../../../lambdas/shared/session.ts';
import { type Cell, drawTable } from '../../terminal/table.ts';
import { grouped } from '../../terminal/words.ts';

/** The answers as tables below their questions. */
export async function answerReports(session: Session, folder: string): Promise<string[]> {
  const answers: string[] = [];
  for (const file of await listFolder(folder, '.sql')) {
    const sql = readFileSync(join(folder, file), 'utf8');
    const question = sql.slice(0, sql.indexOf('\n')).replace(/^-- /, '');
    const rows = await session.query<Record<string, string | null>>(sql);
    answers.push(`${question}\n\n${rows[0] === undefined ? 'no rows' : drawRows(Object.keys(rows[0]), rows)}`);
  }
  return answers;
}

function drawRows(columns: readonly string[], rows: readonly Readonly<Record<string, string | null>>[]): string {
  const numeric = columns.map((column) => rows.every((row) => /^-?\d+(\.\d+)?$/.test(row[column] ?? '')));
  const cells = rows.map((row) =>
    columns.map((column, index): Cell => {
      const text = row[column] ?? '';
      return numeric[index] ? grouped(text) : text;
    }),
  );
  return drawTable(columns, cells, numeric);
}
