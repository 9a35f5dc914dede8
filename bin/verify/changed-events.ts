/** Events that the source changed after they were appended: the warehouse keeps them as they were first, and the lake can tell. */
import { differs, sameKey } from '../../lambdas/load/row-sql.ts';
import { TEXTS } from '../../lambdas/load/temporary-tables.ts';
import type { ProcessedModel } from '../../lambdas/shared/manifest.ts';
import { processedManifest } from '../../lambdas/shared/manifest.ts';
import { openManifestLog } from '../../lambdas/shared/manifest-log.ts';
import type { ObjectStore } from '../../lambdas/shared/object-store.ts';
import { VERDICTS } from './judge-rows.ts';
import { columnsOf, createTable, FRESH, type StageModelOptions, stageObject } from './stage-model.ts';

export interface ChangedEventsOptions extends StageModelOptions {
  readonly dataset: string;
  /** The processed bucket. */
  readonly processed: ObjectStore;
  /** The batch that the warehouse holds. */
  readonly batch: number;
  /** What the next batch would bring of the model. */
  readonly next: { readonly model: ProcessedModel; readonly store: ObjectStore } | undefined;
}

const VERSIONS = 'pg_temp.weir_versions';

/**
 * Takes back the verdict `different` of an event that some batch brought as the warehouse has it, no later than the warehouse took it
 * in, and that a later one brought as the source has it now. Reads every batch of the model, so it is asked only if an event differs.
 * @returns the number of such events; their verdict is `kept`
 */
export async function keepChangedEvents(options: ChangedEventsOptions): Promise<number> {
  const { session, model, target, recomputed } = options;
  const [differing] = await session.query(
    `select 1 from ${VERDICTS} where verdict = 'different' and staged is not null limit 1`,
  );
  if (differing === undefined) return 0;

  await createTable(session, VERSIONS, columnsOf(target, recomputed.columns));
  await session.query(`alter table ${VERDICTS} add column first bigint, add column later bigint`);
  for await (const { number, brought, store } of broughtBy(options)) {
    const columns = brought.columns.filter(({ name }) => recomputed.columns.some((column) => column.name === name));
    if ((await stageObject({ ...options, store }, { object: brought.data, columns, into: VERSIONS })) > 0)
      await session.query(`drop table ${TEXTS}`);
    const sees = (table: string, alias: string, place: string) => `
      from ${VERSIONS} x join ${table} ${alias} on ${sameKey(model, 'x', alias)} and not ${differs(recomputed.columns, 'x', alias)}
      where v.verdict = 'different' and v.${place} = ${alias}.ctid`;
    await session.query(`
      update ${VERDICTS} v set first = ${number} ${sees(target.table, 't', 'present')} and v.first is null and t.batch >= ${number};
      update ${VERDICTS} v set later = ${number} ${sees(FRESH.rows, 's', 'staged')};
      truncate ${VERSIONS}`);
  }
  await session.query(`drop table ${VERSIONS}`);
  return session.execute(`update ${VERDICTS} set verdict = 'kept' where verdict = 'different' and first < later`);
}

interface Brought {
  readonly number: number;
  readonly brought: ProcessedModel;
  readonly store: ObjectStore;
}

async function* broughtBy({ model, dataset, processed, batch, next }: ChangedEventsOptions): AsyncGenerator<Brought> {
  const log = openManifestLog({ store: processed, dataset, schema: processedManifest });
  for (let number = 1; number <= batch; number++) {
    const brought = (await log.read(number)).manifest.models[model.name];
    if (brought !== undefined) yield { number, brought, store: processed };
  }
  if (next !== undefined) yield { number: batch + 1, brought: next.model, store: next.store };
}
