/** Keeps the page as the pipeline is: told of a change, it fetches itself anew and puts the new content in place. */

export interface LiveOptions {
  /** Called with the content after it was replaced. */
  readonly onReplaced: (main: HTMLElement) => void;
}

/** Says how things stand in the element `[data-live]`, and when the source was looked at last where the page shows it. */
export function followChanges({ onReplaced }: LiveOptions): void {
  const state = document.querySelector<HTMLElement>('[data-live]');
  const say = (text: string, tone: string) => {
    if (state === null || state.textContent === text) return;
    state.textContent = text;
    state.dataset.live = tone;
  };
  const events = new EventSource(`/events?since=${document.querySelector('main')?.dataset.version}`);
  let refreshing: Promise<void> = Promise.resolve();
  events.addEventListener('open', () => say('live', 'on'));
  events.addEventListener('error', () => say('not connected, trying again', 'off'));
  events.addEventListener('activity', ({ data }: MessageEvent<string>) => {
    const { doing = 'waiting', lookedAt } = JSON.parse(data) as { doing?: string; lookedAt?: string };
    say(doing === 'waiting' ? 'live' : `live: ${doing}`, 'on');
    for (const time of document.querySelectorAll<HTMLTimeElement>('time[data-instant="looked"]'))
      if (lookedAt !== undefined) time.dateTime = lookedAt;
  });
  events.addEventListener('change', () => {
    refreshing = refreshing.then(async () => {
      const main = await replaceMain().catch(() => undefined); // the next change tries again
      if (main !== undefined) onReplaced(main);
    });
  });
}

async function replaceMain(): Promise<HTMLElement | undefined> {
  const response = await fetch(location.href, { cache: 'no-store' });
  const fresh = new DOMParser().parseFromString(await response.text(), 'text/html').querySelector('main');
  const old = document.querySelector('main');
  if (fresh === null || old === null) return undefined;
  keepOpen(old, fresh);
  markNew(old, fresh);
  const { scrollX, scrollY } = window;
  const focused = document.activeElement?.id;
  old.replaceWith(fresh);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  window.scrollTo(scrollX, scrollY);
  return fresh;
}

/** What the reader unfolded stays unfolded. */
function keepOpen(old: HTMLElement, fresh: HTMLElement): void {
  for (const details of old.querySelectorAll<HTMLDetailsElement>('details[open][id]'))
    fresh.querySelector(`details[id="${CSS.escape(details.id)}"]`)?.setAttribute('open', '');
}

/** Rows and figures that were not there before light up once. */
function markNew(old: HTMLElement, fresh: HTMLElement): void {
  for (const row of fresh.querySelectorAll<HTMLElement>('[data-key]'))
    if (old.querySelector(`[data-key="${CSS.escape(row.dataset.key ?? '')}"]`) === null) row.classList.add('fresh');
  for (const step of fresh.querySelectorAll<HTMLElement>('[data-step]')) {
    const before = old.querySelector(`[data-step="${CSS.escape(step.dataset.step ?? '')}"] [data-figure]`);
    if (before?.textContent !== step.querySelector('[data-figure]')?.textContent) step.classList.add('fresh');
  }
}
