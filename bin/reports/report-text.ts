/** An answer as a table for the terminal, below its question. */
import { type Cell, drawTable } from '../terminal/table.ts';
import { grouped } from '../terminal/words.ts';
import type { Answer } from './answer-reports.ts';

/** @throws {Error} if the report could not be answered */
export function answerAsText(answer: Answer): string {
  const { name, question } = answer.report;
  if ('error' in answer) throw new Error(`report ${name}: ${answer.error}`);
  const { columns, rows } = answer;
  const numeric = columns.map((column) => column.numeric);
  const cells = rows.map((row) =>
    row.map((text, index): Cell => (numeric[index] ? grouped(text ?? '') : (text ?? ''))),
  );
  const names = columns.map((column) => column.name);
  return `${question}\n\n${rows.length === 0 ? 'no rows' : drawTable(names, cells, numeric)}`;
}
