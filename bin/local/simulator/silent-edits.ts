/** Edits that leave `last_updated` alone, as somebody makes them in the original: invisible to whoever reads by timestamp. */
import { DAY, dateOf } from './calendar.ts';
import { DIRECTORIES } from './designs.ts';
import type { LastIds, SilentEdit } from './events.ts';
import type { Random } from './random.ts';

/** How far back, in ids, an edited order may lie, and how far it must. */
const RECENT_ORDERS = 1_000;
const NEWEST_ORDERS = 10;

interface Occasion {
  readonly random: Random;
  readonly time: number;
  readonly ids: LastIds;
}

/** The three kinds take turns by calendar day, so that any five weekdays in a row show them all. `turn` numbers the days. */
export function silentEdit({ turn, ...occasion }: Occasion & { readonly turn: number }): SilentEdit {
  if (turn % 3 === 0) return moveDrawing(occasion);
  if (turn % 3 === 1) return postponeDelivery(occasion);
  return exchangeDesign(occasion);
}

function moveDrawing({ random, time, ids }: Occasion): SilentEdit {
  const [directory = '', otherwise = ''] = random.shuffle(DIRECTORIES);
  return {
    kind: 'silent edit',
    time,
    table: 'design',
    sql: `
      update design
      set file_location = case when file_location = $1 then $2 else $1 end
      where design_id = $3
      returning design_id`,
    values: [directory, otherwise, random.between(1, ids.design)],
  };
}

/** Far beyond the week that is otherwise the limit: a calendar that follows the orders must reach that far. */
function postponeDelivery({ random, time, ids }: Occasion): SilentEdit {
  const table = random.chance(0.55) ? 'sales_order' : 'purchase_order';
  return {
    kind: 'silent edit',
    time,
    table,
    sql: `
      update ${table}
      set agreed_delivery_date = $1
      where ${table}_id = $2
      returning ${table}_id`,
    values: [dateOf(time + random.between(10, 480) * DAY), recentId(random, ids[table])],
  };
}

/** The newest design, which is often younger than the order. */
function exchangeDesign({ random, time, ids }: Occasion): SilentEdit {
  return {
    kind: 'silent edit',
    time,
    table: 'sales_order',
    sql: `
      update sales_order
      set design_id = $1
      where sales_order_id = $2
      returning sales_order_id`,
    values: [ids.design, recentId(random, ids.sales_order)],
  };
}

/** The id of one of the last orders, but not of the very last. */
export function recentId(random: Random, last: number): number {
  return random.between(Math.max(1, last - RECENT_ORDERS), Math.max(1, last - NEWEST_ORDERS));
}
