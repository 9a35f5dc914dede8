/** One table of the warehouse against its recomputed model: how many rows are equal, and what is with the others. */
import { readTarget } from '../../lambdas/load/target.ts';
import { KEYS } from '../../lambdas/load/temporary-tables.ts';
import type { Dataset, Model } from '../../lambdas/shared/dataset.ts';
import type { Duckdb } from '../../lambdas/shared/duckdb.ts';
import { TerminalError } from '../../lambdas/shared/errors.ts';
import type { Lake } from '../../lambdas/shared/object-store.ts';
import type { Session } from '../../lambdas/shared/session.ts';
import { counted } from '../terminal/words.ts';
import { keepChangedEvents } from './changed-events.ts';
import { type Example, readExamples } from './examples.ts';
import { NONE, stageExcuses } from './excuses.ts';
import { judgeRows, VERDICTS } from './judge-rows.ts';
import type { Recomputed } from './recompute.ts';
import { DELTA, FRESH, stageModel } from './stage-model.ts';

/** In rows, of the source as of the warehouse. */
export interface ComparedTable {
  readonly table: string;
  readonly apply: Model['apply'];
  /** That the model gives from the source. */
  readonly rows: number;
  readonly equal: number;
  readonly missing: number;
  /** That the source does not give, or a second time. */
  readonly extra: number;
  readonly different: number;
  /** That wait in quarantine. */
  readonly quarantined: number;
  /** That changed in the source since the batch, and that the next one makes right. */
  readonly pending: number;
  readonly examples: readonly Example[];
  /** What the numbers do not tell. */
  readonly notes: readonly string[];
}

export interface CompareModelOptions {
  /** In the transaction that holds the warehouse still. */
  readonly session: Session;
  readonly dataset: Dataset;
  readonly model: Model;
  /** The batch that the warehouse holds. */
  readonly batch: number;
  readonly recomputed: Recomputed;
  readonly lake: Lake;
  readonly duckdb: Duckdb;
  /** An existing local folder. */
  readonly folder: string;
}

export async function compareModel(options: CompareModelOptions): Promise<ComparedTable> {
  const { session, dataset, model, batch, lake } = options;
  const { fresh, delta } = options.recomputed;
  const recomputed = fresh.models[model.name];
  if (recomputed === undefined) throw new TerminalError(`the source gave nothing for model ${model.name}`);
  const { columns } = recomputed;
  const target = await readTarget(session, model, columns);
  const stage = { ...options, target, recomputed, store: fresh.store };
  const staged = await stageModel(stage, FRESH);
  const changes = delta?.cause === 'changes' ? delta.models[model.name] : undefined;
  const next = delta && changes && { model: changes, store: delta.store };
  const excuses =
    next === undefined ? NONE : await stageExcuses({ ...stage, recomputed: next.model, store: next.store });

  const unknownKeys = await countUnknownKeys(session, model);
  await judgeRows({ ...stage, columns, excuses, unknownKeys });
  const kept =
    model.apply === 'events'
      ? await keepChangedEvents({ ...stage, dataset: dataset.name, processed: lake.processed, batch, next })
      : 0;
  const { unequal, untold, ...counts } = await countVerdicts(session);
  const examples = await readExamples({ session, model, target, columns });
  const tables = [FRESH.rows, FRESH.unstaged, DELTA.rows, DELTA.unstaged, KEYS, VERDICTS];
  await session.query(`drop table if exists ${tables.join(', ')}`);
  return {
    table: model.name,
    apply: model.apply,
    rows: recomputed.data.rows + (recomputed.quarantine?.rows ?? 0),
    equal: staged - unequal + kept,
    ...counts,
    examples,
    notes: notesOn({ kept, untold, unknownKeys }),
  };
}

/** Rows in quarantine whose key cannot be told. */
async function countUnknownKeys(session: Session, { name }: Model): Promise<number> {
  const [count] = await session.query<{ rows: string }>(
    'select count(*) as rows from weir_quarantine where model = $1 and source_key is null',
    [name],
  );
  return Number(count?.rows);
}

type Counts = Readonly<Record<'missing' | 'extra' | 'different' | 'quarantined' | 'pending' | 'untold', number>>;

/** `unequal`: how many of the staged rows have a verdict. */
async function countVerdicts(session: Session): Promise<Counts & { readonly unequal: number }> {
  const rows = await session.query<{ verdict: string; rows: string; staged: string }>(
    `select verdict, count(*) as rows, count(staged) as staged from ${VERDICTS} group by verdict`,
  );
  const count = (name: string) => Number(rows.find(({ verdict }) => verdict === name)?.rows ?? 0);
  const [missing, extra, different] = [count('missing'), count('extra'), count('different')];
  const [quarantined, pending, untold] = [count('quarantined'), count('pending'), count('untold')];
  const unequal = rows.reduce((total, { staged }) => total + Number(staged), 0);
  return { missing, extra, different, quarantined, pending, untold, unequal };
}

function notesOn({ kept, untold, unknownKeys }: { kept: number; untold: number; unknownKeys: number }): string[] {
  return [
    ...(kept === 0
      ? []
      : [
          `${counted(kept, 'event')} changed in the source after the warehouse took them in: it keeps them as they were, and they count as equal`,
        ]),
    ...(unknownKeys === 0
      ? []
      : [
          `${counted(unknownKeys, 'row')} in quarantine ${unknownKeys === 1 ? 'has' : 'have'} no key that can be told, so extra rows cannot be told from theirs` +
            ` (${counted(untold, 'row')} that the source does not give)`,
        ]),
  ];
}
