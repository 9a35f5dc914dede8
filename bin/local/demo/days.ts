/** The weekdays after the history, each a batch: what happens in the business, and which of it the demo adds. */
import type { Session } from '../../../lambdas/shared/session.ts';
import { counted } from '../../terminal/words.ts';
import type { Simulator } from '../simulator/simulator.ts';
import { addSummaries, type Summary } from '../simulator/summary.ts';

/** Added to the source on the fourth day. */
export const NEW_COLUMN = 'design.collection';

/** What happens before one batch. */
export interface Episode {
  /** `2024-11-15` */
  readonly date: string;
  /** In words. */
  readonly happened: string;
}

export interface DaysOptions {
  readonly simulator: Simulator;
  readonly business: Session;
  readonly days: number;
}

/** Lets the days pass; the caller takes a batch at every episode. The first day makes two: one after its payment run, one after its business. */
export async function* passDays({ simulator, business, days }: DaysOptions): AsyncGenerator<Episode> {
  for (let day = 1; day <= days; day += 1) {
    if (day === 1) yield episode(await simulator.tick());
    const worked = await simulator.nextDay();
    if (day === 2) yield episode(addSummaries(worked, await simulator.deleteOrder()));
    else if (day === 4) yield episode(worked, await addColumn(business));
    else yield episode(worked);
  }
}

/** A change of the source that no model knows of: it is carried into the lake, recorded in the manifest, and stops nothing. */
async function addColumn(business: Session): Promise<string> {
  await business.query('alter table design add column collection varchar');
  await business.query(`update design set collection = 'Spring' where design_id = (select max(design_id) from design)`);
  return '1 new column';
}

function episode({ time, inserted, updated, silent, deleted }: Summary, special?: string): Episode {
  const { sales_order = 0, purchase_order = 0, design = 0 } = inserted;
  const edits = Object.values(silent).reduce((total, rows) => total + rows, 0);
  const happened = [
    [updated.payment ?? 0, `${updated.payment} paid`],
    [sales_order + purchase_order, counted(sales_order + purchase_order, 'order')],
    [design, counted(design, 'design')],
    [edits, counted(edits, 'silent edit')],
    [deleted.sales_order ?? 0, `${deleted.sales_order} deleted`],
  ] as const;
  const words = happened.filter(([rows]) => rows > 0).map(([, text]) => text);
  return { date: time.slice(0, 10), happened: [...words, ...(special === undefined ? [] : [special])].join(', ') };
}
