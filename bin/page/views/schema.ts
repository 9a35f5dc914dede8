/** Which column of the source appeared, changed or went when. */
import { html } from 'hono/html';
import type { IngestionManifest } from '../../../lambdas/shared/manifest.ts';
import { grouped } from '../../terminal/words.ts';
import { listSchemaChanges } from '../schema-history.ts';
import { columnsOf } from './columns.ts';
import { batchLink, empty, type Html, section, table, time } from './elements.ts';

/** `manifests` oldest first. */
export function schemaPage(manifests: readonly IngestionManifest[]): Html {
  const newest = manifests.at(-1);
  const [oldest] = manifests;
  if (newest === undefined || oldest === undefined) return empty('No batch yet.');
  const changes = listSchemaChanges(manifests).map(
    ({ batch, capturedAt, table, column, change }) => html`<tr>
      <td class="number">${batchLink(batch)}</td><td class="when">${time(capturedAt)}</td><th scope="row">${table}.${column}</th><td>${change}</td>
    </tr>`,
  );
  const seen = `batches ${grouped(oldest.number)} to ${grouped(newest.number)}`;
  return html`
<p class="note">A new column of the source travels into the lake from the next batch on and stops nothing; a model takes it when its SQL names it.</p>
${section(
  'Changes',
  changes.length === 0
    ? empty(`No column appeared, changed or went in ${seen}.`)
    : table('Changes of the schema', ['#batch', 'captured', 'column', 'change'], changes),
  `In ${seen}.`,
)}
${section('Now', columnsOf(newest.tables))}`;
}
