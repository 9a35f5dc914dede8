/** What was found makes the command fail, with what to do next. */
import { TerminalError } from '../../lambdas/shared/errors.ts';
import { sum } from '../pass.ts';
import { counted } from '../terminal/words.ts';
import { differencesIn, type Verification } from './verify.ts';

/** @throws {TerminalError} if a row of the warehouse is wrong */
export function refuseDifferences({ dataset, tables, inseparable }: Verification): void {
  const wrong = tables.filter((table) => differencesIn(table) > 0);
  if (wrong.length === 0) return;
  const rows = sum(wrong.map(differencesIn));
  const where = `${counted(wrong.length, 'table')} (${wrong.map(({ table }) => table).join(', ')})`;
  const advice =
    inseparable === undefined
      ? 'weir rebuild makes the warehouse anew from the lake; if they differ after that too, the lake is wrong'
      : 'weir run, then verify again: some or all of them may be changes since the batch';
  throw new TerminalError(
    `verify ${dataset}: ${counted(rows, 'row')} ${rows === 1 ? 'differs' : 'differ'} in ${where}; ${advice}`,
  );
}
