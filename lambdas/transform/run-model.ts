/** Runs a model into a Parquet file; rows with a value that does not fit go to quarantine instead of stopping the line. */
import type { Model } from '../shared/dataset.ts';
import { type Duckdb, quoteName, quoteText, ValueError } from '../shared/duckdb.ts';
import { messageOf, TerminalError } from '../shared/errors.ts';
import type { CapturedTable } from '../shared/manifest.ts';
import { typedColumn } from '../shared/source-types.ts';

export interface RunModelOptions {
  readonly duckdb: Duckdb;
  readonly model: Model;
  /** The batch's tables; each is a view of its name over its `capturedTable`. */
  readonly tables: Readonly<Record<string, CapturedTable>>;
  /** Where the output goes. */
  readonly path: string;
  /** Where rows that broke the model go. */
  readonly quarantinePath: string;
}

/** The view of a table's columns as captured, all text: in a schema of its own, since any name may be that of a table. */
export function capturedTable(name: string): string {
  return `weir_captured.${quoteName(name)}`;
}

const NUMBERED = 'weir_work.numbered';
const BAD_ROWS = 'weir_work.bad_rows';

/** So many rows of a batch may break a model; more are no bad rows but a wrong model or a new format. */
const MAX_QUARANTINED = 1000;

/** Writes the output to `path`. @returns the number of quarantined rows, which are in `quarantinePath` if there are any. */
export async function runModel(options: RunModelOptions): Promise<number> {
  try {
    await write(options);
    return 0;
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    return quarantine(options, error);
  }
}

/** A model that joins has no order of its own, but the same batch must give the same bytes. */
async function write({ duckdb, model, path }: RunModelOptions): Promise<void> {
  const sql = model.sql.replace(/[;\s]+$/, '');
  const ordered = model.joins
    ? `select * from (\n${sql}\n) order by ${model.key.map(quoteName).join(', ')}`
    : `${sql}\n`;
  await duckdb.run(`copy (${ordered}) to ${quoteText(path)} (format parquet, compression zstd)`);
}

interface BadRow {
  readonly row: number;
  readonly reason: string;
}

/** Finds the table whose rows break the model, as the one without which it runs, and in it the rows, by bisection. */
async function quarantine(options: RunModelOptions, cause: ValueError): Promise<number> {
  const { duckdb, model, tables } = options;
  for (const name of model.tables) {
    const table = tables[name];
    if (table === undefined) continue;
    await duckdb.run(
      `create or replace table ${NUMBERED} as select row_number() over () as weir_row, * from ${capturedTable(name)}`,
    );
    const [size] = await duckdb.rows<{ rows: string }>(`select count(*) as rows from ${NUMBERED}`);
    const restrict = (where: string) => duckdb.run(viewSql({ name, table, from: `${NUMBERED} where ${where}` }));
    try {
      await restrict('false');
      if ((await breaks(options)) !== undefined) continue;
      const bad = await bisect({
        from: 1,
        to: Number(size?.rows ?? 0),
        breaks: async (from, to) => {
          await restrict(`weir_row between ${from} and ${to}`);
          return breaks(options);
        },
      });
      await recordBadRows({ ...options, name, table, bad });
      await restrict(`weir_row not in (select weir_row from ${BAD_ROWS})`);
      await write(options);
      return bad.length;
    } finally {
      await duckdb.run(viewSql({ name, table, from: capturedTable(name) }));
      await duckdb.run(`drop table if exists ${NUMBERED}`);
    }
  }
  throw new TerminalError(
    `${cause.message}; no single row of ${model.tables.join(', ')} is to blame, correct the model`,
  );
}

function viewSql({ name, table, from }: { name: string; table: CapturedTable; from: string }): string {
  return `create or replace view ${quoteName(name)} as select ${table.columns.map(typedColumn).join(', ')} from ${from}`;
}

/** Why the model fails on what its views hold now; undefined if it runs. */
async function breaks(options: RunModelOptions): Promise<string | undefined> {
  try {
    await write(options);
    return undefined;
  } catch (error) {
    if (error instanceof ValueError) return messageOf(error).split('\n')[0];
    throw error;
  }
}

interface BisectOptions {
  readonly from: number;
  readonly to: number;
  readonly breaks: (from: number, to: number) => Promise<string | undefined>;
}

async function bisect({ from, to, breaks }: BisectOptions): Promise<BadRow[]> {
  const reason = from > to ? undefined : await breaks(from, to);
  if (reason === undefined) return [];
  if (from === to) return [{ row: from, reason }];
  const middle = Math.floor((from + to) / 2);
  const bad = [...(await bisect({ from, to: middle, breaks })), ...(await bisect({ from: middle + 1, to, breaks }))];
  if (bad.length <= MAX_QUARANTINED) return bad;
  throw new TerminalError(
    `more than ${MAX_QUARANTINED} rows do not fit, the first because: ${bad[0]?.reason}; stopped, correct the source or the model`,
  );
}

interface RecordBadRowsOptions extends RunModelOptions {
  readonly name: string;
  readonly table: CapturedTable;
  readonly bad: readonly BadRow[];
}

/** `source_key` is the model's key as an array of texts where it can be told from the row, so that a later version supersedes it. */
async function recordBadRows({ duckdb, model, name, table, bad, quarantinePath }: RecordBadRowsOptions): Promise<void> {
  const values = bad.map(({ row, reason }) => `(${row}, ${quoteText(reason)})`).join(', ');
  await duckdb.run(`create or replace table ${BAD_ROWS} (weir_row bigint, reason varchar)`);
  if (values !== '') await duckdb.run(`insert into ${BAD_ROWS} values ${values}`);
  const key = model.key
    .map((column) => model.origins.get(column))
    .map((origin) => (origin?.table === name ? `n.${quoteName(origin.column)}` : undefined));
  const sourceKey = key.every((column) => column !== undefined)
    ? `cast(to_json([${key.join(', ')}]) as varchar)`
    : 'cast(null as varchar)';
  const row = `cast(to_json(struct_pack(${table.columns.map((column) => `${quoteName(column.name)} := n.${quoteName(column.name)}`).join(', ')})) as varchar)`;
  await duckdb.run(
    `copy (select ${quoteText(name)} as source_table, ${sourceKey} as source_key, b.reason, ${row} as source_row
       from ${NUMBERED} n join ${BAD_ROWS} b on n.weir_row = b.weir_row order by n.weir_row) to ${quoteText(quarantinePath)} (format parquet, compression zstd)`,
  );
}
