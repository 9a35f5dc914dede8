/** The end of the demo: what arrived, that it is what the source holds, and what the warehouse answers. */
import { join } from 'node:path';
import type { Dataset } from '../../../lambdas/shared/dataset.ts';
import { TerminalError } from '../../../lambdas/shared/errors.ts';
import type { Connect, Session } from '../../../lambdas/shared/session.ts';
import { answerReports } from '../../reports/answer-reports.ts';
import { readReports } from '../../reports/report-files.ts';
import { answerAsText } from '../../reports/report-text.ts';
import type { Display } from '../../terminal/display.ts';
import { drawTable } from '../../terminal/table.ts';
import { grouped } from '../../terminal/words.ts';
import { readWarehouse } from '../../warehouse-state.ts';
import { type Arrived, compareRows, type Money, proveAgreement } from './agreement.ts';

/** The reports that a terminal has room for; the page has them all. */
const SHOWN = ['best-selling-designs', 'day-of-week-pattern', 'revised-orders'];

export interface ShowOptions {
  readonly dataset: Dataset;
  readonly business: Session;
  readonly warehouse: Connect;
  readonly display: Display;
}

/** What source and warehouse agree on. */
export interface Agreement {
  readonly arrived: readonly Arrived[];
  readonly money: readonly Money[];
}

/** @throws {TerminalError} if source and warehouse differ */
export async function show({ dataset, business, display, ...ends }: ShowOptions): Promise<Agreement> {
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
    const reports = await readReports(join(dataset.folder, 'reports'));
    const shown = reports.filter(({ name }) => SHOWN.includes(name));
    const { answers } = await answerReports({ dataset, warehouse: ends.warehouse, reports: shown });
    for (const answer of answers) display.print(`\n${answerAsText(answer)}`);
    return { arrived, money };
  } finally {
    await warehouse.end();
  }
}

/** An exact amount with two decimals at least. */
function penny(amount: string): string {
  const [whole, decimals = ''] = amount.split('.');
  return grouped(`${whole}.${decimals.padEnd(2, '0')}`);
}
