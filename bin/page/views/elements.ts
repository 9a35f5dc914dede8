/** Small pieces of the page, each escaped by `html`. */
import { html } from 'hono/html';
import { grouped, seconds, utc } from '../../terminal/words.ts';

export type Html = ReturnType<typeof html>;

/** An instant: the browser turns it into local time, UTC stays in the tooltip. */
export function time(instant: string): Html {
  return html`<time datetime="${instant}" title="${utc(instant)}">${utc(instant)}</time>`;
}

/** How long ago an instant is, which the browser keeps up to date; the instant too, if it has the name of one that is sent. */
export function ago(instant: string, name = ''): Html {
  return html`<time class="ago" data-instant="${name}" datetime="${instant}" title="${utc(instant)}">${utc(instant)}</time>`;
}

/** A table cell with a number, to the right; nothing and zero are quiet. */
export function numberCell(number: number | undefined): Html {
  if (number === undefined) return html`<td class="number none">–</td>`;
  return html`<td class="number${number === 0 ? ' zero' : ''}">${grouped(number)}</td>`;
}

/** A table cell with a duration of work in milliseconds. */
export function durationCell(milliseconds: number | null | undefined): Html {
  if (milliseconds == null) return html`<td class="number none">–</td>`;
  return html`<td class="number" title="${grouped(milliseconds)} ms">${
    milliseconds < 1000 ? `${milliseconds} ms` : seconds(milliseconds)
  }</td>`;
}

/** A size in bytes, to three digits: `1.23 MB`. */
export function size(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const power = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const number = bytes / 1000 ** power;
  return `${power === 0 ? number : Number(number.toPrecision(3))} ${units[power]}`;
}

/** A table that scrolls by itself where it is too wide. A heading that begins with `#` is of numbers. */
export function table(caption: string, headings: readonly string[], rows: readonly Html[]): Html {
  const heads = headings.map((heading) =>
    heading.startsWith('#')
      ? html`<th scope="col" class="number">${heading.slice(1)}</th>`
      : html`<th scope="col">${heading}</th>`,
  );
  return html`<div class="table-scroll" tabindex="0" role="region" aria-label="${caption}">
    <table>
      <caption class="visually-hidden">${caption}</caption>
      <thead><tr>${heads}</tr></thead>
      <tbody>${rows}</tbody>
    </table>
  </div>`;
}

/** A part of a page with its heading. */
export function section(heading: string, body: unknown, note?: unknown): Html {
  return html`<section>
    <h2>${heading}</h2>
    ${note === undefined ? '' : html`<p class="note">${note}</p>`}
    ${body}
  </section>`;
}

/** What stands where there is nothing to show yet. */
export function empty(text: unknown): Html {
  return html`<p class="empty">${text}</p>`;
}

/** Something that went wrong. */
export function alert(messages: readonly string[]): Html | string {
  if (messages.length === 0) return '';
  return html`<div class="alert" role="alert">${messages.map((message) => html`<p>${message}</p>`)}</div>`;
}

export function batchLink(number: number): Html {
  return html`<a href="/batches/${number}">${grouped(number)}</a>`;
}
