/** What a model reads, derived from its SQL by DuckDB's own parser, so that nobody has to declare it. */
import { z } from 'zod';
import { type Duckdb, quoteText } from './duckdb.ts';
import { TerminalError } from './errors.ts';

export interface Lineage {
  /** Source tables in the order in which the text names them. */
  readonly tables: readonly string[];
  /** True if it reads more than one table or seed: its rows have no order of their own then. */
  readonly joins: boolean;
  /** The column behind each output column that is a plain reference. */
  readonly origins: ReadonlyMap<string, Origin>;
  /**
   * True if every output row depends on one row of one table (and on seeds), so that the changed rows alone give the
   * changed output: a plain select from one table with nothing but left joins on seeds.
   */
  readonly rowwise: boolean;
}

export interface Origin {
  readonly table: string;
  readonly column: string;
}

/** A node of DuckDB's serialised syntax tree: https://duckdb.org/docs/stable/data/json/sql_to_and_from_json */
type Node = Readonly<Record<string, unknown>>;

const serializedSql = z.looseObject({
  error: z.boolean(),
  error_message: z.string().optional(),
  statements: z.array(z.looseObject({ node: z.record(z.string(), z.unknown()) })).optional(),
});

/** Derives the lineage of a model. `seeds` are the names that are no source tables. @throws {TerminalError} if the text is not one SELECT. */
export async function deriveLineage(duckdb: Duckdb, sql: string, seeds: ReadonlySet<string>): Promise<Lineage> {
  const select = await parseSelect(duckdb, sql);
  const nodes = [...walk(select)];
  await refuseUnstable(duckdb, nodes);

  const named = new Set(duckdb.tableNames(sql)); // without the names of common table expressions
  const references = nodes.filter((node) => node.type === 'BASE_TABLE' && named.has(String(node.table_name)));
  const sources = references.filter((node) => !seeds.has(String(node.table_name)));
  return {
    tables: [...new Set(sources.map((node) => String(node.table_name)))],
    joins: references.length > 1,
    origins: originsOf(select, references),
    rowwise:
      sources.length === 1 &&
      isPlain(select) &&
      !(await aggregates(duckdb, nodes)) &&
      isLeftJoined(select.from_table, seeds),
  };
}

async function parseSelect(duckdb: Duckdb, sql: string): Promise<Node> {
  const [row] = await duckdb.rows<{ tree: string }>(`select json_serialize_sql(${quoteText(sql)}) as tree`);
  const { error, error_message, statements = [] } = serializedSql.parse(JSON.parse(row?.tree ?? '{}'));
  if (error) throw new TerminalError(error_message ?? 'not one SELECT statement');
  const [statement] = statements;
  if (statement === undefined || statements.length > 1)
    throw new TerminalError(`${statements.length} statements; a model is one SELECT`);
  return statement.node;
}

/** Every object in the tree, depth first, in the order of the text. */
function* walk(value: unknown): Generator<Node> {
  if (value === null || typeof value !== 'object') return;
  if (!Array.isArray(value)) yield value as Node;
  for (const child of Object.values(value)) yield* walk(child);
}

function functionNames(nodes: readonly Node[]): string {
  const names = nodes.filter((node) => node.class === 'FUNCTION').map((node) => quoteText(String(node.function_name)));
  return names.length === 0 ? 'null' : names.join(', ');
}

/** The output must be a function of its input alone: no clock, no chance. */
async function refuseUnstable(duckdb: Duckdb, nodes: readonly Node[]): Promise<void> {
  const [unstable] = await duckdb.rows<{ name: string }>(
    `select function_name as name from duckdb_functions()
     where function_name in (${functionNames(nodes)}) and stability <> 'CONSISTENT' and function_type = 'scalar' limit 1`,
  );
  if (unstable !== undefined)
    throw new TerminalError(`${unstable.name}() differs from run to run; a model depends on its tables alone`);
}

async function aggregates(duckdb: Duckdb, nodes: readonly Node[]): Promise<boolean> {
  if (nodes.some((node) => node.class === 'WINDOW' || node.class === 'SUBQUERY' || node.class === 'STAR')) return true;
  const found = await duckdb.rows(
    `select 1 from duckdb_functions() where function_name in (${functionNames(nodes)}) and function_type = 'aggregate' limit 1`,
  );
  return found.length > 0;
}

function isPlain(select: Node): boolean {
  const empty = (value: unknown) =>
    value === null || value === undefined || (Array.isArray(value) && value.length === 0);
  const ctes = (select.cte_map as Node | undefined)?.map;
  const clauses = ['modifiers', 'where_clause', 'group_expressions', 'group_sets', 'having', 'qualify', 'sample'];
  return select.type === 'SELECT_NODE' && empty(ctes) && clauses.every((clause) => empty(select[clause]));
}

function isLeftJoined(from: unknown, seeds: ReadonlySet<string>): boolean {
  const node = from as Node;
  if (node.type === 'BASE_TABLE') return !seeds.has(String(node.table_name));
  const right = node.right as Node | undefined;
  const rightIsSeed = right?.type === 'BASE_TABLE' && seeds.has(String(right.table_name));
  return node.type === 'JOIN' && node.join_type === 'LEFT' && rightIsSeed && isLeftJoined(node.left, seeds);
}

/** An unqualified column is attributed only where there is one table that it can come from. */
function originsOf(select: Node, references: readonly Node[]): Map<string, Origin> {
  const byAlias = new Map(references.map((node) => [String(node.alias || node.table_name), String(node.table_name)]));
  const origins = new Map<string, Origin>();
  for (const item of (select.select_list ?? []) as readonly Node[]) {
    if (item.class !== 'COLUMN_REF') continue;
    const path = item.column_names as readonly string[];
    const column = path.at(-1) ?? '';
    const table =
      path.length === 2 ? byAlias.get(path[0] ?? '') : references.length === 1 ? [...byAlias.values()][0] : undefined;
    if (table !== undefined) origins.set(String(item.alias || column), { table, column });
  }
  return origins;
}
