/** Instants as the reader's clock shows them; UTC stays in the tooltip. */

const LOCAL = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
/** In tables, for this year. */
const SHORT = new Intl.DateTimeFormat(undefined, {
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: 'always', style: 'narrow' });

const UNITS = [
  ['day', 24 * 60 * 60, 48 * 60 * 60],
  ['hour', 60 * 60, 60 * 60],
  ['minute', 60, 60],
  ['second', 1, 0],
] as const;

/** Turns every `<time>` below `root` into local time, or into how long ago it is if its class is `ago`. */
export function localizeTimes(root: ParentNode): void {
  for (const element of root.querySelectorAll('time')) {
    const instant = new Date(element.dateTime);
    element.textContent = element.classList.contains('ago') ? sinceNow(instant) : shown(element, instant);
    if (element.classList.contains('ago')) element.title = `${LOCAL.format(instant)}, ${utc(instant)}`;
  }
}

function shown(element: HTMLTimeElement, instant: Date): string {
  const isShort = element.closest('.when') !== null && instant.getFullYear() === new Date().getFullYear();
  return (isShort ? SHORT : LOCAL).format(instant);
}

function utc(instant: Date): string {
  return `${instant.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function sinceNow(instant: Date): string {
  const seconds = Math.max(0, Math.round((Date.now() - instant.getTime()) / 1000));
  const [unit, length] = UNITS.find(([, , from]) => seconds >= from) ?? ['second', 1];
  return RELATIVE.format(-Math.floor(seconds / length), unit);
}
