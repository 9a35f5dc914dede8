/** The rows that broke a contract, with the reason, and what brings them back. */
import { html } from 'hono/html';
import type { QuarantinedRow, QuarantineGroup } from '../../quarantine.ts';
import { counted, grouped } from '../../terminal/words.ts';
import { batchLink, empty, type Html, numberCell, section, table } from './elements.ts';

/** Rows on one page. */
export const PAGE_SIZE = 50;

export interface QuarantinePageOptions {
  readonly groups: readonly QuarantineGroup[];
  readonly rows: readonly QuarantinedRow[];
  readonly total: number;
  /** From 1 on. */
  readonly page: number;
}

export function quarantinePage({ groups, rows, total, page }: QuarantinePageOptions): Html {
  if (total === 0) return empty('No row is in quarantine: every row of the source is in the warehouse.');
  const first = (page - 1) * PAGE_SIZE + 1;
  return html`
<p class="note">A row that broke a model or a constraint of the warehouse waits here and stops nothing. One that <em>load</em> put here is tried again with every batch,
and by <code>weir quarantine retry</code>; one that <em>transform</em> put here comes back when its source row or the model changes.</p>
${section(
  'Why',
  table(
    'Rows in quarantine by model',
    ['model', 'by', '#rows', '#since batch', '#last batch', 'reason'],
    groups.map(
      ({ model, stage, rows, firstBatch, lastBatch, reason }) => html`<tr>
      <th scope="row">${model}</th><td>${stage}</td>${numberCell(rows)}<td class="number">${batchLink(firstBatch)}</td><td class="number">${batchLink(lastBatch)}</td><td class="reason">${reason}</td>
    </tr>`,
    ),
  ),
)}
${section(
  'Rows',
  html`${rows.map(entry)}
  <nav class="pages" aria-label="More rows">
    ${page > 1 ? html`<a rel="prev" href="/quarantine?page=${page - 1}">Newer</a>` : ''}
    <span>${grouped(first)} to ${grouped(first + rows.length - 1)} of ${counted(total, 'row')}</span>
    ${first + rows.length <= total ? html`<a rel="next" href="/quarantine?page=${page + 1}">Older</a>` : ''}
  </nav>`,
)}`;
}

function entry({ model, key, batch, stage, reason, sourceTable, row }: QuarantinedRow): Html {
  const name = key === null ? 'key cannot be told' : key.join(', ');
  const columns = Object.entries(row).map(
    ([column, value]) =>
      html`<tr><th scope="row">${column}</th><td>${value ?? html`<span class="muted">null</span>`}</td></tr>`,
  );
  return html`<details id="row-${model}-${name}" data-key="${model} ${name}">
    <summary><strong>${model}</strong> ${name} <span class="badge warn">${reason}</span></summary>
    <p class="note">In batch ${batchLink(batch)}, by ${stage}${sourceTable === null ? '' : html`, from ${sourceTable}`}.</p>
    ${table(`Row ${name} of ${model}`, ['column', 'value'], columns)}
  </details>`;
}
