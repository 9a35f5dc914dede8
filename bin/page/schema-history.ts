/** What became of the source's columns, read from the schema that every batch records. */
import type { Column, IngestionManifest } from '../../lambdas/shared/manifest.ts';

export interface SchemaChange {
  readonly batch: number;
  readonly capturedAt: string;
  readonly table: string;
  readonly column: string;
  /** In words: `new, varchar`, `gone`, `integer became bigint`. */
  readonly change: string;
}

/** The changes between successive batches, newest first. The first batch of the list only says what was there. */
export function listSchemaChanges(manifests: readonly IngestionManifest[]): SchemaChange[] {
  const changes: SchemaChange[] = [];
  for (const [index, manifest] of manifests.entries()) {
    const before = manifests[index - 1];
    if (before === undefined) continue;
    const { number: batch, capturedAt } = manifest;
    const names = new Set([...Object.keys(before.tables), ...Object.keys(manifest.tables)]);
    for (const table of names) {
      const found = compareColumns(before.tables[table]?.columns ?? [], manifest.tables[table]?.columns ?? []);
      changes.push(...found.map((change) => ({ batch, capturedAt, table, ...change })));
    }
  }
  return changes.reverse();
}

function compareColumns(before: readonly Column[], now: readonly Column[]): { column: string; change: string }[] {
  const types = new Map(before.map(({ name, type }) => [name, type]));
  const changes = now.flatMap(({ name, type }) => {
    const earlier = types.get(name);
    types.delete(name);
    if (earlier === type) return [];
    return [{ column: name, change: earlier === undefined ? `new, ${type}` : `${earlier} became ${type}` }];
  });
  return [...changes, ...[...types.keys()].map((column) => ({ column, change: 'gone' }))];
}
