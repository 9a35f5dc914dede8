/** A few of the rows that differ, with both values of each column that does. */
import type { Target } from '../../lambdas/load/target.ts';
import type { Model } from '../../lambdas/shared/dataset.ts';
import type { Column } from '../../lambdas/shared/manifest.ts';
import { identifier } from '../../lambdas/shared/postgres.ts';
import type { Session } from '../../lambdas/shared/session.ts';
import { VERDICTS } from './judge-rows.ts';
import { FRESH } from './stage-model.ts';

export type Difference = 'missing' | 'extra' | 'different';

export interface Example {
  readonly difference: Difference;
  /** The columns of the key; null if it cannot be told. */
  readonly key: Readonly<Record<string, string | null>> | null;
  /** In words, where the difference alone does not tell. */
  readonly reason: string | null;
  /** Of a different row the columns that differ, each value as text, shortened around the first character that does. */
  readonly columns: Readonly<Record<string, Values>>;
}

export interface Values {
  readonly source: string | null;
  readonly warehouse: string | null;
}

const EXAMPLES = 10;

interface ExampleRow {
  readonly verdict: Difference;
  readonly source_key: string | null;
  readonly reason: string | null;
  readonly source: string;
  readonly warehouse: string;
  readonly is_pair: string;
}

export interface ReadExamplesOptions {
  readonly session: Session;
  readonly model: Model;
  readonly target: Target;
  readonly columns: readonly Column[];
}

/** Ten rows at most: the kinds of difference take turns, each in the order of its keys. */
export async function readExamples({ session, model, target, columns }: ReadExamplesOptions): Promise<Example[]> {
  const texts = (alias: string) => {
    const items = columns.map(({ name }) => `${alias}.${identifier(name)}::text as ${identifier(name)}`);
    return `(select to_jsonb(x) from (select ${items.join(', ')}) x)`;
  };
  const rows = await session.query<ExampleRow>(
    `select v.verdict, v.source_key, v.reason, ${texts('s')} as source, ${texts('t')} as warehouse,
       v.verdict = 'different' and v.staged is not null as is_pair
     from (
       select *, row_number() over (partition by verdict order by length(source_key::text), source_key, present) as turn
       from ${VERDICTS}
       where verdict in ('missing', 'extra', 'different')
       order by turn, verdict
       limit ${EXAMPLES}
     ) v
     left join ${FRESH.rows} s on s.ctid = v.staged
     left join ${target.table} t on t.ctid = v.present
     order by v.verdict, v.turn`,
  );
  return rows.map(({ verdict, source_key, reason, source, warehouse, is_pair }) => ({
    difference: verdict,
    key: keyOf(model, source_key),
    reason,
    columns: is_pair === 't' ? differingColumns(columns, JSON.parse(source), JSON.parse(warehouse)) : {},
  }));
}

function keyOf({ key }: Model, sourceKey: string | null): Example['key'] {
  if (sourceKey === null) return null;
  const texts: (string | null)[] = JSON.parse(sourceKey);
  return Object.fromEntries(key.map((name, index) => [name, texts[index] ?? null]));
}

type Texts = Readonly<Record<string, string | null>>;

function differingColumns(columns: readonly Column[], source: Texts, warehouse: Texts): Record<string, Values> {
  const names = columns.map(({ name }) => name).filter((name) => source[name] !== warehouse[name]);
  return Object.fromEntries(names.map((name) => [name, shorten(source[name] ?? null, warehouse[name] ?? null)]));
}

const SHOWN = 60;
const BEFORE = 20;

/** Cuts long values to where they differ. */
function shorten(source: string | null, warehouse: string | null): Values {
  const [left, right] = [[...(source ?? '')], [...(warehouse ?? '')]];
  const same = left.findIndex((character, index) => character !== right[index]);
  const from = Math.max(0, (same === -1 ? left.length : same) - BEFORE);
  const cut = (text: string | null, characters: readonly string[]) => {
    if (text === null || characters.length <= SHOWN) return text;
    const part = characters.slice(from, from + SHOWN).join('');
    return `${from > 0 ? '…' : ''}${part}${from + SHOWN < characters.length ? '…' : ''}`;
  };
  return { source: cut(source, left), warehouse: cut(warehouse, right) };
}
