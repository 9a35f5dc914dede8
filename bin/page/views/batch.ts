/** One batch in full: what was read, what was made of it, what the warehouse did with it. */
import { html } from 'hono/html';
import type { AppliedCounts } from '../../../lambdas/load/ledger.ts';
import type { CapturedTable, DataObject, KeyList, ProcessedModel } from '../../../lambdas/shared/manifest.ts';
import { counted, grouped } from '../../terminal/words.ts';
import type { Batch } from '../batches.ts';
import { columnsOf } from './columns.ts';
import { alert, durationCell, empty, type Html, numberCell, section, size, table, time } from './elements.ts';

export interface BatchPageOptions {
  readonly batch: Batch;
  readonly newest: number;
  readonly failures: readonly string[];
}

export function batchPage({ batch, newest, failures }: BatchPageOptions): Html {
  const { number, ingestion, processed, applied } = batch;
  return html`
${alert(failures)}
<nav class="pages" aria-label="Neighbouring batches">
  ${number > 1 ? html`<a rel="prev" href="/batches/${number - 1}">Batch ${grouped(number - 1)}</a>` : ''}
  ${number < newest ? html`<a rel="next" href="/batches/${number + 1}">Batch ${grouped(number + 1)}</a>` : ''}
</nav>
${facts(batch)}
${section('Read from the source', captured(ingestion.manifest.tables), 'All from one snapshot. A table that is not listed with rows was not written since the batch before.')}
${section(
  'Made for the warehouse',
  processed === undefined ? empty('Not transformed yet.') : made(processed.manifest.models),
  'Only the models whose tables changed.',
)}
${section('Applied', applied === undefined ? empty('Not loaded yet.') : appliedTable(applied.counts), 'In one transaction, with the ledger’s entry: all of it or nothing.')}
${processed === undefined ? '' : section('Profile', profiles(processed.manifest.models), 'Of every column that this batch made: how many values are missing, the least and the greatest.')}
${section('Schema', columnsOf(ingestion.manifest.tables), 'The columns of the source’s tables as this batch found them.')}
${section('Manifests', html`${json('ingestion', 'Ingestion manifest', ingestion.manifest)}${processed === undefined ? '' : json('processed', 'Processed manifest', processed.manifest)}`, 'The only state that Weir keeps; everything above is read from them and from the ledger.')}`;
}

function facts({ ingestion, processed, applied }: Batch): Html {
  const { capturedAt, cause, snapshot, horizon, server, previous, milliseconds } = ingestion.manifest;
  const lines: [string, unknown][] = [
    ['Captured', time(capturedAt)],
    ['Loaded', applied === undefined ? 'not yet' : time(applied.appliedAt)],
    ['Cause', cause],
    ['Snapshot', html`<code>${snapshot}</code>`],
    ['Next batch reads from', html`transaction <code>${horizon}</code>`],
    ['Server', `${server.database}, system ${server.systemIdentifier}, timeline ${server.timeline}`],
    ['Ingest took', milliseconds === undefined ? 'not recorded' : `${grouped(milliseconds)} ms`],
    ['Ingestion manifest', hash(ingestion.sha256)],
    ['Follows', previous === null ? 'nothing: the first batch' : hash(previous)],
    ['Processed manifest', processed === undefined ? 'not yet' : hash(processed.sha256)],
  ];
  return html`<dl class="facts">${lines.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function hash(sha256: string): Html {
  return html`<code title="sha256 ${sha256}">${sha256.slice(0, 12)}</code>`;
}

function captured(tables: Readonly<Record<string, CapturedTable>>): Html {
  const rows = Object.entries(tables).map(([name, { rows, data, keys }]) => {
    const files = [
      data && file(`${data.mode === 'whole' ? 'all' : 'changed'} rows`, data),
      keys && file(`keys that are still there, ${rangesOf(keys)}`, keys),
    ];
    return html`<tr class="${data || keys ? '' : 'quiet'}">
      <th scope="row">${name}</th>${numberCell(rows)}${numberCell(data?.rows)}
      <td class="objects">${data === null && keys === null ? 'unchanged' : files}</td>
    </tr>`;
  });
  return table('Tables of the source', ['table', '#rows in the table', '#read', 'objects'], rows);
}

function rangesOf({ ranges }: KeyList): string {
  if (ranges === 'all') return 'of the whole table';
  return ranges.map(([from, to]) => `${grouped(from)} to ${grouped(to)}`).join(', ');
}

function made(models: Readonly<Record<string, ProcessedModel>>): Html {
  if (Object.keys(models).length === 0) return empty('Nothing: no model’s table changed.');
  const rows = Object.entries(models).map(([name, { mode, data, keys, quarantine, profile }]) => {
    const files = [
      file(mode === 'whole' ? 'all rows' : 'changed rows', data),
      keys && file('keys that are still there', keys),
      quarantine && file('rows that broke the model', quarantine),
    ];
    return html`<tr>
      <th scope="row">${name}</th>${numberCell(data.rows)}${numberCell(quarantine?.rows ?? 0)}${durationCell(profile.milliseconds)}<td class="objects">${files}</td>
    </tr>`;
  });
  return table('Models', ['model', '#rows', '#quarantined', '#took', 'objects'], rows);
}

function file(what: string, { key, rows, bytes, sha256 }: DataObject): Html {
  return html`<p class="object">${what}, ${counted(rows, 'row')} in ${size(bytes)} <code title="sha256 ${sha256}">${key}</code></p>`;
}

function appliedTable(counts: Readonly<Record<string, AppliedCounts>>): Html {
  if (Object.keys(counts).length === 0) return empty('Nothing had to be changed.');
  const rows = Object.entries(counts).map(
    ([model, { inserted, changed, deleted, unchanged, quarantined }]) => html`<tr>
      <th scope="row">${model}</th>${[inserted, changed, deleted, unchanged, quarantined].map(numberCell)}
    </tr>`,
  );
  return table(
    'Tables of the warehouse',
    ['table', '#inserted', '#new versions', '#deleted', '#unchanged', '#in quarantine'],
    rows,
  );
}

function profiles(models: Readonly<Record<string, ProcessedModel>>): Html[] {
  return Object.entries(models).map(([model, { columns, profile, data }]) => {
    const rows = columns.map(({ name, type }) => {
      const { nulls, min, max } = profile.columns[name] ?? {};
      return html`<tr><th scope="row">${name}</th><td>${type}</td>${numberCell(nulls)}<td>${min ?? '–'}</td><td>${max ?? '–'}</td></tr>`;
    });
    return html`<details id="profile-${model}"><summary>${model} <span class="muted">${grouped(data.rows)} rows, ${grouped(profile.distinctKeys)} keys</span></summary>
    ${table(`Profile of ${model}`, ['column', 'type', '#missing', 'least', 'greatest'], rows)}</details>`;
  });
}

function json(id: string, title: string, value: unknown): Html {
  return html`<details id="${id}"><summary>${title}</summary><pre tabindex="0">${JSON.stringify(value, undefined, 2)}</pre></details>`;
}
