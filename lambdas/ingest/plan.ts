/** Decides what a batch reads, from what changed and from what the models need; nothing here touches a server. */
import type { Dataset, Model } from '../shared/dataset.ts';
import type { IngestionManifest } from '../shared/manifest.ts';
import type { CatalogueTable } from './catalogue.ts';
import type { Count } from './census.ts';

export interface Plan {
  /** Why, in words for people. */
  readonly cause: string;
  /** What to read of each table that the batch carries; a table left out has not changed. */
  readonly modes: ReadonlyMap<string, 'whole' | 'changes'>;
  /** The models that the batch gives anew. */
  readonly affected: readonly string[];
}

export interface PlanOptions {
  readonly dataset: Dataset;
  readonly previous: IngestionManifest | undefined;
  readonly fullRead: string | undefined;
  readonly tables: readonly CatalogueTable[];
  /** Empty on a full read. */
  readonly census: ReadonlyMap<string, Count>;
}

export function planBatch({ dataset, previous, fullRead, tables, census }: PlanOptions): Plan {
  const redefined = dataset.models.filter(({ name, definition }) => previous?.models[name]?.definition !== definition);
  const reshaped = tables.filter(({ name, fingerprint }) => previous?.tables[name]?.fingerprint !== fingerprint);
  const written = tables.filter(({ name }) => {
    const { rows, changed } = census.get(name) ?? { rows: 0, changed: 0 };
    return changed > 0 || rows !== previous?.tables[name]?.rows;
  });

  const whole = new Set([...reshaped.map(({ name }) => name), ...redefined.flatMap((model) => model.tables)]);
  if (fullRead !== undefined) for (const { name } of tables) whole.add(name);
  const touched = new Set([...whole, ...(fullRead === undefined ? written : tables).map(({ name }) => name)]);
  const catalogue = new Map(tables.map((table) => [table.name, table]));
  const joined = dataset.models.filter((model) => !isIncremental(model, catalogue));
  spread(joined, touched, whole);

  const affected = dataset.models.filter(
    (model) => redefined.includes(model) || model.tables.some((table) => touched.has(table)),
  );
  return {
    cause: causeOf({ fullRead, reshaped, redefined, touched }),
    modes: new Map([...touched].sort().map((table) => [table, whole.has(table) ? 'whole' : 'changes'])),
    affected: affected.map(({ name }) => name),
  };
}

/**
 * True if a model's output can follow from changed rows and vanished keys alone: it works row by row, and its key is the
 * primary key of its table, so that a vanished row is a vanished output row.
 */
export function isIncremental(model: Model, catalogue: ReadonlyMap<string, CatalogueTable>): boolean {
  const [table] = model.tables;
  if (!model.rowwise || table === undefined) return false;
  const origins = model.key
    .map((column) => model.origins.get(column))
    .map((origin) => (origin?.table === table ? origin.column : ''));
  const primaryKey = catalogue.get(table)?.primaryKey ?? [];
  return (
    primaryKey.length > 0 &&
    primaryKey.length === origins.length &&
    primaryKey.every((column) => origins.includes(column))
  );
}

/** A model that is not incremental needs all its tables whole as soon as one of them is touched; models share tables, so it spreads. */
function spread(joined: readonly Model[], touched: Set<string>, whole: Set<string>): void {
  for (let size = -1; size !== whole.size; ) {
    size = whole.size;
    for (const model of joined) {
      if (!model.tables.some((table) => touched.has(table))) continue;
      for (const table of model.tables) {
        touched.add(table);
        whole.add(table);
      }
    }
  }
}

interface Reasons {
  readonly fullRead: string | undefined;
  readonly reshaped: readonly CatalogueTable[];
  readonly redefined: readonly Model[];
  readonly touched: ReadonlySet<string>;
}

function causeOf({ fullRead, reshaped, redefined, touched }: Reasons): string {
  if (fullRead !== undefined) return fullRead;
  const causes = [
    reshaped.length > 0 ? `structure changed: ${reshaped.map(({ name }) => name).join(', ')}` : '',
    redefined.length > 0 ? `models changed: ${redefined.map(({ name }) => name).join(', ')}` : '',
  ].filter((cause) => cause !== '');
  if (causes.length > 0) return causes.join('; ');
  return touched.size > 0 ? 'changes' : 'nothing changed: horizon refreshed';
}
