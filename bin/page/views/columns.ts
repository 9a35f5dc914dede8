/** The columns of the source's tables, each table folded away. */
import { html } from 'hono/html';
import type { CapturedTable } from '../../../lambdas/shared/manifest.ts';
import { counted } from '../../terminal/words.ts';
import { type Html, table } from './elements.ts';

export function columnsOf(tables: Readonly<Record<string, CapturedTable>>): Html[] {
  return Object.entries(tables).map(([name, { columns, primaryKey }]) => {
    const rows = columns.map(
      (column) => html`<tr>
        <th scope="row">${column.name}</th><td>${column.type}</td><td>${primaryKey.includes(column.name) ? 'primary key' : ''}</td>
      </tr>`,
    );
    return html`<details id="columns-${name}">
      <summary>${name} <span class="muted">${counted(columns.length, 'column')}</span></summary>
      ${table(`Columns of ${name}`, ['column', 'type', ''], rows)}
    </details>`;
  });
}
