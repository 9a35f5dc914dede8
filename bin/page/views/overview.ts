/** The first page: how far the data has come, stage by stage, and what was done last. */
import { html } from 'hono/html';
import type { StageStatus, Status } from '../../read-status.ts';
import { age, counted, grouped } from '../../terminal/words.ts';
import type { Activity } from '../activity.ts';
import type { Batch } from '../batches.ts';
import { listBatches } from './batches.ts';
import { ago, alert, empty, type Html, numberCell, section, table } from './elements.ts';

export interface OverviewOptions {
  readonly status: Status;
  /** What could not be read, in words. */
  readonly failures: readonly string[];
  /** The newest ones, newest first. */
  readonly batches: readonly Batch[];
  readonly activity: Activity | undefined;
}

export function overview({ status, failures, batches, activity }: OverviewOptions): Html {
  return html`
${alert([...failures, ...(activity?.failures ?? [])])}
${verdict(status)}
${flow(status, activity)}
${section(
  'Latest batches',
  batches.length === 0
    ? empty('No batch yet: the first one carries all rows of the source.')
    : html`${listBatches(batches)}<p class="more"><a href="/batches">All batches</a></p>`,
  'A batch is one snapshot of all tables of the source: only what changed since the one before it travels. It is in the warehouse wholly or not at all.',
)}
<div class="columns">
${section('Warehouse', warehouse(status), 'What analysts query. A history keeps every version of a row; current ones are those that the source holds now.')}
${section('Source', source(status), 'Rows of each table at the newest batch.')}
</div>`;
}

/** One sentence on whether all is well. */
function verdict({ stages, unreadable, quarantine }: Status): Html {
  const waiting = quarantine.reduce((total, { rows }) => total + rows, 0);
  const behind = (stages.ingest?.batch ?? 0) - (stages.load?.batch ?? 0);
  const but = waiting > 0 ? ', but for what is in quarantine' : '';
  const [tone, text] =
    unreadable.length > 0
      ? ['bad', `Not readable: ${unreadable.join(', ')}`]
      : stages.ingest === null
        ? ['warn', 'Nothing was captured yet']
        : behind > 0
          ? ['warn', `The warehouse is ${counted(behind, 'batch', 'batches')} behind`]
          : ['good', `The warehouse equals the source as it was at batch ${grouped(stages.ingest.batch)}${but}`];
  return html`<p class="verdict"><span class="badge ${tone}">${text}</span>${
    waiting === 0
      ? html`<span class="badge">no row in quarantine</span>`
      : html`<a class="badge warn" href="/quarantine">${counted(waiting, 'row')} in quarantine</a>`
  }</p>`;
}

function flow({ stages, tables, models }: Status, activity: Activity | undefined): Html {
  const sourceRows = Object.values(tables).reduce((total, rows) => total + rows, 0);
  const warehouseRows = Object.values(models).reduce((total, { rows }) => total + rows, 0);
  const names = {
    source: 'Source',
    ingestion: 'Ingestion bucket',
    processed: 'Processed bucket',
    warehouse: 'Warehouse',
  };
  return html`<ol class="flow" aria-label="The way of the data">
  <li class="card">
    <h3>${names.source}</h3>
    <p class="figure">${counted(Object.keys(tables).length, 'table')}</p>
    <p>${counted(sourceRows, 'row')}</p>
    <p class="muted">${
      activity?.lookedAt === undefined ? 'PostgreSQL' : html`looked at ${ago(activity.lookedAt, 'looked')}`
    }</p>
  </li>
  ${stageCard({ name: names.ingestion, verb: 'ingest', what: 'as captured, CSV', stage: stages.ingest })}
  ${stageCard({ name: names.processed, verb: 'transform', what: 'remodelled, Parquet', stage: stages.transform })}
  ${stageCard({ name: names.warehouse, verb: 'load', what: counted(warehouseRows, 'row'), stage: stages.load })}
</ol>`;
}

interface StageCardOptions {
  readonly name: string;
  readonly verb: string;
  readonly what: string;
  readonly stage: StageStatus | null;
}

function stageCard({ name, verb, what, stage }: StageCardOptions): Html {
  return html`<li class="card" data-step="${verb}">
    <h3>${name}</h3>
    ${
      stage === null
        ? html`<p class="figure">–</p><p>no batch yet</p>`
        : html`<p class="figure"><a href="/batches/${stage.batch}" data-figure>batch ${grouped(stage.batch)}</a></p>
    <p>${what}</p>
    <p class="muted">source as of ${ago(stage.capturedAt)}${
      stage.lagBatches > 0
        ? html` <span class="badge warn">${counted(stage.lagBatches, 'batch', 'batches')}, ${age(stage.lagSeconds)} behind</span>`
        : ''
    }</p>`
    }
  </li>`;
}

function warehouse({ models }: Status): Html {
  const rows = Object.entries(models).map(
    ([model, { apply, current, rows, quarantined }]) => html`<tr>
      <th scope="row">${model}</th><td>${apply}</td>${numberCell(current)}${numberCell(rows)}${numberCell(quarantined)}
    </tr>`,
  );
  if (rows.length === 0) return empty('The first load makes the tables.');
  return table('Tables of the warehouse', ['table', 'keeps', '#current', '#rows', '#quarantined'], rows);
}

function source({ tables }: Status): Html {
  const rows = Object.entries(tables).map(
    ([name, rows]) => html`<tr><th scope="row">${name}</th>${numberCell(rows)}</tr>`,
  );
  if (rows.length === 0) return empty('Nothing was captured yet.');
  return table('Tables of the source', ['table', '#rows'], rows);
}
