/** The batches, newest first. */
import { html } from 'hono/html';
import type { AppliedCounts } from '../../../lambdas/load/ledger.ts';
import type { IngestionManifest, ProcessedManifest } from '../../../lambdas/shared/manifest.ts';
import { rowsMade, rowsRead, sum } from '../../pass.ts';
import { grouped } from '../../terminal/words.ts';
import type { Batch, BatchRange } from '../batches.ts';
import { alert, batchLink, durationCell, empty, type Html, numberCell, table, time } from './elements.ts';

/** Batches on one page. */
export const PAGE_SIZE = 50;

export function batchesPage({ batches, newest }: BatchRange, failures: readonly string[]): Html {
  const [first] = batches;
  const last = batches.at(-1);
  if (first === undefined || last === undefined) return html`${alert(failures)}${empty('No batch yet.')}`;
  const newer = first.number < newest ? Math.min(newest, first.number + PAGE_SIZE) : undefined;
  const older = last.number > 1 ? last.number - 1 : undefined;
  return html`
${alert(failures)}
<p class="note">Rows read from the source, rows made for the warehouse, and what the load did with them. Each batch opens in full.</p>
${listBatches(batches, { made: true })}
<nav class="pages" aria-label="More batches">
  ${newer === undefined ? '' : html`<a rel="prev" href="/batches?last=${newer}">Newer</a>`}
  <span>batches ${grouped(last.number)} to ${grouped(first.number)} of ${grouped(newest)}</span>
  ${older === undefined ? '' : html`<a rel="next" href="/batches?last=${older}">Older</a>`}
</nav>`;
}

export interface ListBatchesOptions {
  /** Whether to list what was made of the tables, too. @default false */
  readonly made?: boolean;
}

/** A table with a line for each batch. */
export function listBatches(batches: readonly Batch[], { made = false }: ListBatchesOptions = {}): Html {
  const headings = ['#batch', 'captured', 'what changed', '#read', '#made', '#inserted', '#new versions', '#deleted'];
  const more = ['#unchanged', '#ingest', '#transform', '#load'];
  return table(
    'Batches',
    [...headings, ...more],
    batches.map((batch) => line(batch, made)),
  );
}

function line({ number, ingestion, processed, applied }: Batch, made: boolean): Html {
  const { manifest } = ingestion;
  const counts = applied && Object.values(applied.counts);
  const total = (name: keyof AppliedCounts) => counts && sum(counts.map((count) => count[name]));
  return html`<tr data-key="${number}">
    <td class="number">${batchLink(number)}</td>
    <td class="when">${time(manifest.capturedAt)}</td>
    <td class="what">${whatChanged(manifest)}${made && processed ? whatWasMade(processed.manifest) : ''}</td>
    ${numberCell(rowsRead(manifest))}
    ${numberCell(processed && rowsMade(processed.manifest))}
    ${numberCell(total('inserted'))}
    ${numberCell(total('changed'))}
    ${numberCell(total('deleted'))}
    ${numberCell(total('unchanged'))}
    ${durationCell(manifest.milliseconds)}
    ${durationCell(processed && transformMilliseconds(processed.manifest))}
    ${durationCell(applied?.milliseconds)}
  </tr>`;
}

/** The tables that the batch read, with rows; or why it read them, where that is not that they changed. */
function whatChanged({ cause, tables }: IngestionManifest): Html {
  const read = Object.entries(tables).flatMap(([name, { data }]) =>
    data ? [`${name}\u00a0${grouped(data.rows)}`] : [],
  );
  const text = read.join(', ') || 'keys only';
  return cause === 'changes' ? html`${text}` : html`<span class="badge">${cause}</span> ${text}`;
}

/** The models that the batch gave anew, with rows. */
function whatWasMade({ models }: ProcessedManifest): Html {
  const made = Object.entries(models).map(([name, { data }]) => `${name}\u00a0${grouped(data.rows)}`);
  return html`<p class="made">→ ${made.join(', ') || 'nothing'}</p>`;
}

/** The stage writes one manifest for all models; its time is theirs. */
function transformMilliseconds({ models }: ProcessedManifest): number {
  return sum(Object.values(models).map(({ profile }) => profile.milliseconds));
}
