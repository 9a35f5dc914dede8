/** Numbers and times as people read them. */

/** Digits in groups of three: `1,684,742,677.87`. */
export function grouped(number: number | string): string {
  const [whole = '', fraction] = String(number).split('.');
  const groups = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? groups : `${groups}.${fraction}`;
}

/** A number with its noun: `1 row`, `2,000 rows`. */
export function counted(number: number, one: string, many = `${one}s`): string {
  return `${grouped(number)} ${number === 1 ? one : many}`;
}

/** A duration of work in milliseconds: `0.4 s`, `2 min 5 s`. */
export function seconds(milliseconds: number): string {
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const whole = Math.round(milliseconds / 1000);
  return `${grouped(Math.floor(whole / 60))} min ${whole % 60} s`;
}

/** How long something is ago, in seconds, to about two digits: `12 s`, `3 min`, `5 h`, `4 days`. */
export function age(secondsAgo: number): string {
  if (secondsAgo < 60) return `${Math.max(0, Math.round(secondsAgo))} s`;
  if (secondsAgo < 60 * 60) return `${Math.round(secondsAgo / 60)} min`;
  if (secondsAgo < 48 * 60 * 60) return `${Math.round(secondsAgo / 60 / 60)} h`;
  return `${grouped(Math.round(secondsAgo / 60 / 60 / 24))} days`;
}

/** An ISO instant as `2026-11-21 07:03:00 UTC`. */
export function utc(instant: string): string {
  return `${new Date(instant).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
