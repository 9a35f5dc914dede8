/** The end of the demo: what arrived, that it is what the source holds, and what the warehouse answers. */
import { join } from 'node:path';
import type { Dataset } from '../../../lambdas/shared/dataset.ts';
import { TerminalError } from '../../../lambdas/shared/errors.ts';
import type { Connect, Session } from '../../../lambdas/shared/session.ts';
import type { Display } from '../../terminal/display.ts';
import { drawTable } from '../../terminal/table.ts';
import { grouped } from '../../terminal/words.ts';
import { readWarehouse } from '../../warehouse-state.ts';
import { compareRows, proveAgreement } from './agreement.ts';
import { answerReports } from './reports.ts';

export interface ShowOptions {
  readonly dataset: Dataset;
  readonly business: Session;
  readonly warehouse: Connect;
  readonly display: Display;
}

/** @throws {TerminalError} if source and warehouse differ */
export async function show({ dataset, business, display, ...ends }: ShowOptions): Promise<void> {
  const warehouse = await ends.warehouse();
  try {
    const state = await readWarehouse(warehouse, dataset);
    if (state === undefined) throw new TerminalError('the warehouse is empty after the first batch');
    const arrived = await compareRows(business, state);
    const rows = arrived.map((table) => Object.values(table));
    const headings = ['source', 'warehouse', 'rows in source', 'current', 'versions', 'quarantined'];
    display.print(`\nWhat arrived\n\n${drawTable(headings, rows)}`);

    const money = await proveAgreement(business, warehouse, arrived);
    const sums = money.map(({ currency, ...amounts }) => [currency, ...Object.values(amounts).map(penny)]);
    const numeric = [false, true, true, true, true];
    display.print(
      `\nEqual on both sides: the rows of ${arrived.length} tables, and to the penny\n\n` +
        drawTable(['currency', 'sales', 'purchases', 'payments', 'of these paid'], sums, numeric),
    );
    for (const answer of await answerReports(warehouse, join(dataset.folder, 'reports'))) display.print(`\n${answer}`);
  } finally {
    await warehouse.end();
  }
}

/** An exact amount with two decimals at least. */
function penny(amount: string): string {
  const [whole, decimals = ''] = amount.split('.');
  return grouped(`${whole}.${decimals.padEnd(2, '0')}`);
}
