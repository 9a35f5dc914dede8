/** The simulated calendar. A time is a number of milliseconds since 1970 on the business's own clock, which knows no zone and no summer time. */
import { UsageError } from '../../../lambdas/shared/errors.ts';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Midnight of a date written `yyyy-mm-dd`. @throws {UsageError} when it is no date. */
export function midnight(date: string): number {
  const time = Date.parse(`${date}T00:00:00.000Z`);
  if (Number.isNaN(time) || dateOf(time) !== date) throw new UsageError(`${date} is no date; write yyyy-mm-dd`);
  return time;
}

/** The date of a time as `yyyy-mm-dd`. */
export function dateOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** A time as PostgreSQL reads it: `yyyy-mm-dd hh:mm:ss.mmm`. */
export function timestampOf(time: number): string {
  return new Date(time).toISOString().slice(0, 23).replace('T', ' ');
}

/** The midnight of the first weekday after the day of `time`. */
export function nextWeekday(time: number): number {
  const day = midnight(dateOf(time)) + DAY;
  const isWeekend = [0, 6].includes(new Date(day).getUTCDay());
  return isWeekend ? nextWeekday(day) : day;
}

/** The midnights of the weekdays after the day of `start`, up to the day of `until`. */
export function* weekdays(start: number, until: number): Generator<number> {
  for (let day = nextWeekday(start); day <= until; day = nextWeekday(day)) yield day;
}
