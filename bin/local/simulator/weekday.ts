/** The business of one day: who does what, and when. Drawn from seed and date alone, given the ids that stand at its start. */
import { DAY, dateOf, HOUR, MINUTE, SECOND } from './calendar.ts';
import { design } from './designs.ts';
import type { Creation, Event, LastIds } from './events.ts';
import { concurrentOrders, order } from './orders.ts';
import { createRandom, type Random } from './random.ts';
import { FIRST_ORDERS_TIME } from './reference-data.ts';
import { silentEdit } from './silent-edits.ts';

const OPENING_TIME = 8 * HOUR;
const MINUTES_OPEN = 11 * 60;
export const CLOSING_TIME = OPENING_TIME + MINUTES_OPEN * MINUTE;
const PAIRS_OF_FIRST_ORDERS = 5;
const SHARE_OF_CONCURRENT_ORDERS = 0.001;
const CHANCE_OF_DESIGN = 0.87;

export interface WeekdayOptions {
  readonly seed: number;
  /** Its midnight. */
  readonly day: number;
  /** Raised by the ids given out. */
  readonly ids: LastIds;
  /** On average, sales and purchases together. */
  readonly ordersPerWeekday: number;
}

/** The first orders of all: five pairs within a few milliseconds. */
export function* openingDay({ seed, day, ids }: Omit<WeekdayOptions, 'ordersPerWeekday'>): Generator<Creation> {
  const random = createRandom(seed, `${dateOf(day)} opening`);
  for (let pair = 0; pair < PAIRS_OF_FIRST_ORDERS; pair += 1)
    yield* concurrentOrders({ random, time: day + FIRST_ORDERS_TIME, ids });
}

/** The events of one weekday in the order of their times; never none, since each begins with the payment run. */
export function* weekday({ seed, day, ids, ordersPerWeekday }: WeekdayOptions): Generator<Event> {
  yield { kind: 'payment run', time: paymentRunTime(seed, day) };

  const random = createRandom(seed, `${dateOf(day)} business`);
  const ordersPerMinute = (ordersPerWeekday * random.between(65, 135)) / 100 / MINUTES_OPEN; // some days are busier
  const minuteOfDesign = random.chance(CHANCE_OF_DESIGN) ? random.between(0, MINUTES_OPEN - 1) : undefined;
  const minuteOfEdit = random.between(0, MINUTES_OPEN - 1);

  for (let minute = 0; minute < MINUTES_OPEN; minute += 1) {
    const start = day + OPENING_TIME + minute * MINUTE;
    if (minute === minuteOfDesign) {
      const time = start + secondOfJob(random);
      ids.design += 1;
      const row = design({ random, time, design_id: ids.design });
      yield { kind: 'creation', time, rows: [{ table: 'design', row }] };
    }
    for (const time of timesOfOrders({ random, start, ordersPerMinute })) {
      if (random.chance(SHARE_OF_CONCURRENT_ORDERS)) yield* concurrentOrders({ random, time, ids });
      else yield order({ random, time, ids });
    }
    if (minute === minuteOfEdit) yield silentEdit({ random, time: start + 30 * SECOND, ids, turn: day / DAY });
  }
}

/** One time for all payments of a day: 07:55:11 and some milliseconds. */
export function paymentRunTime(seed: number, day: number): number {
  const random = createRandom(seed, `${dateOf(day)} payment run`);
  return day + 7 * HOUR + 55 * MINUTE + 11 * SECOND + random.between(300, 999);
}

function timesOfOrders(options: { random: Random; start: number; ordersPerMinute: number }): number[] {
  const { random, start, ordersPerMinute } = options;
  const certain = Math.floor(ordersPerMinute);
  const count = certain + (random.chance(ordersPerMinute - certain) ? 1 : 0);
  return Array.from({ length: count }, () => start + secondOfJob(random)).sort((left, right) => left - right);
}

/** A job writes once a minute: around second 10, rarely a little later. In milliseconds after the minute's start. */
function secondOfJob(random: Random): number {
  if (random.chance(0.004)) return random.between(11 * SECOND, 14 * SECOND - 1);
  return 9_500 + random.between(0, 499) + random.between(0, 500);
}
