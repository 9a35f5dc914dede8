/** What a model reads, derived from its SQL by DuckDB's own parser, so that nobody has to declare it. */
import { z } from 'zod';
import { type Duckdb, quoteText } from './duckdb.ts';
import { TerminalError } from './errors.ts';

export interface Lineage {
  /** Source tables in the order in which the text names them. */
  readonly tables: readonly string[];
  /** Seeds that it reads. */
  readonly seeds: readonly string[];
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

/** What lineages are derived with: a parser, its functions, and the names that are no source tables. */
export interface LineageReader {
  readonly duckdb: Duckdb;
  readonly aggregates: ReadonlySet<string>;
  /** Functions whose value depends on more than their arguments. */
  readonly unstable: ReadonlySet<string>;
  readonly seeds: ReadonlySet<string>;
}

export async function createLineageReader(duckdb: Duckdb, seeds: ReadonlySet<string>): Promise<LineageReader> {
  const rows = await duckdb.rows<{ name: string; aggregate: boolean }>(
    `select distinct function_name as name, function_type = 'aggregate' as aggregate from duckdb_functions()
     where function_type = 'aggregate' or (function_type = 'scalar' and stability <> 'CONSISTENT')`,
  );
  const names = (aggregate: boolean) =>
    new Set(rows.filter((row) => row.aggregate === aggregate).map(({ name }) => name));
  return { duckdb, seeds, aggregates: names(true), unstable: names(false) };
}

/** The clock under names without parentheses, which the syntax tree takes for columns. */
const CLOCK = ['current_date', 'current_time', 'current_timestamp', 'localtime', 'localtimestamp'];

/** Tables made of arguments alone; all other functions in `from` read files or DuckDB's own state. */
const TABLE_FUNCTIONS = ['generate_series', 'range', 'unnest'];

/** Derives the lineage of a model. @throws {TerminalError} if the text is not one SELECT, or not a function of its tables */
export async function deriveLineage(
  { duckdb, aggregates, unstable, seeds }: LineageReader,
  sql: string,
): Promise<Lineage> {
  const select = await parseSelect(duckdb, sql);
  const nodes = [...walk(select)];
  const functions = nodes.filter((node) => node.class === 'FUNCTION').map((node) => String(node.function_name));
  const changing = functions.find((name) => unstable.has(name));
  if (changing !== undefined) {
    throw new TerminalError(`${changing}() differs from run to run; a model depends on its tables alone`);
  }
  refuseOtherInput(nodes);

  const named = new Set(duckdb.tableNames(sql)); // without the names of common table expressions
  const references = nodes.filter((node) => node.type === 'BASE_TABLE' && named.has(String(node.table_name)));
  const sources = references.filter((node) => !seeds.has(String(node.table_name)));
  const mixesRows =
    functions.some((name) => aggregates.has(name) || name === 'unnest') ||
    nodes.some((node) => ['WINDOW', 'SUBQUERY', 'STAR'].includes(String(node.class)));
  return {
    tables: [...new Set(sources.map((node) => String(node.table_name)))],
    seeds: [...new Set(references.map((node) => String(node.table_name)))].filter((name) => seeds.has(name)),
    joins: references.length > 1,
    origins: originsOf(select, references),
    rowwise: sources.length === 1 && isPlain(select) && !mixesRows && isLeftJoined(select.from_table, seeds),
  };
}

function refuseOtherInput(nodes: readonly Node[]): void {
  for (const node of nodes) {
    const [name = '', ...path] = node.class === 'COLUMN_REF' ? (node.column_names as readonly string[]) : [];
    if (path.length === 0 && CLOCK.includes(name.toLowerCase()))
      throw new TerminalError(`${name} differs from run to run; a model depends on its tables alone`);
    if (node.type !== 'TABLE_FUNCTION') continue;
    const called = String((node.function as Node | undefined)?.function_name);
    if (!TABLE_FUNCTIONS.includes(called))
      throw new TerminalError(`${called}() reads no table of the data set; a model depends on its tables alone`);
  }
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
