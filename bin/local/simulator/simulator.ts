/** A business on the totesys source that repeats: the same seed makes the same rows, byte for byte. It never asks a clock or real chance. */
import { TerminalError } from '../../../lambdas/shared/errors.ts';
import type { Session } from '../../../lambdas/shared/session.ts';
import { dateOf, midnight, nextWeekday, timestampOf } from './calendar.ts';
import { deleteOrder } from './delete-order.ts';
import type { Event } from './events.ts';
import { loadHistory } from './history.ts';
import { type Position, readPosition } from './position.ts';
import { createRandom } from './random.ts';
import { runEvent } from './run-event.ts';
import { recentId } from './silent-edits.ts';
import { addSummaries, type Summary, summary } from './summary.ts';
import { CLOSING_TIME, weekday } from './weekday.ts';

export interface SimulatorOptions {
  /** May write to the tables of `sql/totesys/source/schema.sql`, and is in no transaction. */
  readonly session: Session;
  /** A whole number. */
  readonly seed: number;
  /** The first day of business, `yyyy-mm-dd`. @default '2022-11-03' */
  readonly start?: string;
  /** Sales and purchases together, on average; seven of ten are sales. @default 30 */
  readonly ordersPerWeekday?: number;
}

export interface Simulator {
  /**
   * Fills empty tables with all business up to the end of `until` (`yyyy-mm-dd`, @default '2024-11-14': some 48,000 rows).
   * @throws {TerminalError} when there is business already.
   */
  loadHistory(options?: { readonly until?: string }): Promise<Summary>;
  /** Runs the next weekday, or what is left of one that `tick` began. @throws {TerminalError} when there is no history. */
  nextDay(): Promise<Summary>;
  /** Runs the next event alone. @throws {TerminalError} when there is no history. */
  tick(): Promise<Summary>;
  /** Deletes one of the last sales orders with its transaction and payment, as the original never does. @throws {TerminalError} when there is none. */
  deleteOrder(): Promise<Summary>;
}

/** A database that holds business already is continued on the weekday after its last transaction. */
export async function createSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { session, seed, start = '2022-11-03', ordersPerWeekday = 30 } = options;
  let position = await readPosition(session);
  let today: Generator<Event> | undefined;
  let deletions = 0;

  const currentPosition = (): Position => {
    if (position === undefined) throw new TerminalError('totesys holds no business yet; load its history first');
    return position;
  };
  const openNextDay = (): Generator<Event> => {
    const { day, ids } = currentPosition();
    position = { day: nextWeekday(day), ids };
    return weekday({ seed, ordersPerWeekday, ...position });
  };
  const nextEvent = (): Event => {
    today ??= openNextDay();
    const event = today.next();
    if (!event.done) return event.value;
    today = undefined;
    return nextEvent();
  };
  const tick = async () => runEvent(session, nextEvent());

  return {
    async loadHistory({ until = '2024-11-14' } = {}) {
      if (position !== undefined)
        throw new TerminalError(
          `totesys holds business up to ${dateOf(position.day)}; history goes into empty tables only`,
        );
      const day = midnight(until);
      const ids = { design: 0, sales_order: 0, purchase_order: 0, transaction: 0, payment: 0 };
      const loaded = await loadHistory(session, { seed, ordersPerWeekday, start: midnight(start), until: day, ids });
      position = { day, ids };
      return loaded;
    },

    async nextDay() {
      let total = await tick();
      for (const event of today ?? []) total = addSummaries(total, await runEvent(session, event));
      return total;
    },

    tick,

    async deleteOrder() {
      const { day, ids } = currentPosition();
      const random = createRandom(seed, `deletion ${deletions++}`);
      const deleted = await deleteOrder(session, recentId(random, ids.sales_order));
      return summary(timestampOf(day + CLOSING_TIME), { deleted });
    },
  };
}
