/** Values and names chosen to break a pipeline come out of the warehouse as they went into the source, in a first batch and in a later one. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Session } from '../../lambdas/shared/session.ts';
import { createScenario, type DatasetText, SCHEMA, type Scenario } from '../support/scenario.ts';

const TEXTS = [
  '',
  ' ',
  'NULL',
  'null',
  '\\N',
  '\\.',
  '"',
  '""',
  '"quoted"',
  "'",
  ',',
  ',,',
  '\r',
  '\n',
  '\r\n',
  '\n\n',
  'a\rb\nc\r\nd',
  '\t',
  '\\',
  '\\"',
  '"\n"',
  '# no comment',
  '\ufeff',
  '\ufeffleading mark',
  'e\u0301',
  '\u0301',
  '👩‍👩‍👧‍👦',
  '𝒳',
  '\u202eright to left',
  '\u0001\u001f\u007f',
  '\u0085\u2028\u2029',
  'NaN',
  'true',
  '=1+1',
  '%s $1 {}',
  ' blank around ',
  'x'.repeat(3_000_000),
  '",\n'.repeat(700_000),
];

interface TypeCase {
  readonly type: string;
  readonly values: readonly string[];
  /** Values that the lake cannot hold without altering them, with the reason that the quarantine gives. */
  readonly refused?: Readonly<Record<string, RegExp>>;
}

const NO_TIMESTAMP = /timestamp|out of range/i;

const TYPES: readonly TypeCase[] = [
  { type: 'text', values: TEXTS },
  { type: 'varchar', values: ['', ' ', 'a\nb'] },
  { type: 'char(5)', values: ['', 'a', 'a b', '  a  ', '\\.'] },
  { type: '"char"', values: ['a', '"', ','] },
  { type: 'smallint', values: ['-32768', '32767', '0'] },
  { type: 'integer', values: ['-2147483648', '2147483647'] },
  { type: 'bigint', values: ['-9223372036854775808', '9223372036854775807', '9007199254740993'] },
  {
    type: 'numeric(10,2)',
    values: ['99999999.99', '-99999999.99', '0.00', '0.01', '-0.01', 'NaN'],
    refused: { NaN: /NaN/i },
  },
  {
    type: 'numeric(38,10)',
    values: ['9999999999999999999999999999.9999999999', '-9999999999999999999999999999.9999999999', '0.0000000001'],
  },
  { type: 'numeric(2,4)', values: ['0.0099', '-0.0001'] },
  { type: 'numeric(4,-2)', values: ['999900', '-100'] },
  { type: 'numeric(40,1)', values: ['123456789012345678901234567890123456789.1', 'NaN'] },
  { type: 'numeric', values: ['1', '1.0', '1.00', 'NaN', 'Infinity', '-Infinity', `1e1000`, `-1e-1000`] },
  {
    type: 'real',
    values: ['NaN', 'Infinity', '-Infinity', '-0', '0', '3.4028235e+38', '1e-45', '0.1', '16777217', '1.17549435e-38'],
  },
  {
    type: 'double precision',
    values: [
      'NaN',
      'Infinity',
      '-Infinity',
      '-0',
      '0',
      '1e308',
      '1.7976931348623157e308',
      '5e-324',
      '2.2250738585072014e-308',
      '0.1',
      '0.30000000000000004',
    ],
  },
  { type: 'boolean', values: ['t', 'f'] },
  {
    type: 'date',
    values: [
      '4713-01-01 BC',
      '0001-12-31 BC',
      '0001-01-01',
      '9999-12-31',
      '10000-01-01',
      '5874897-12-31',
      'infinity',
      '-infinity',
      '2000-02-29',
    ],
  },
  {
    type: 'timestamp',
    values: [
      '4713-01-01 00:00:00 BC',
      '0044-03-15 12:00:00.000001 BC',
      '0001-01-01',
      '2026-11-21 23:59:59.999999',
      '10000-01-01 00:00:00',
      '294246-12-31 23:59:59.999999',
      '294276-12-31 23:59:59.999999',
      'infinity',
      '-infinity',
    ],
    refused: { '294276-12-31 23:59:59.999999': NO_TIMESTAMP },
  },
  {
    type: 'timestamptz',
    values: [
      '4713-01-01 00:00:00+00 BC',
      '2026-11-21 23:59:59.999999+14',
      '2026-03-29 01:30:00+01',
      '294276-12-31 23:59:59.999999+00',
      'infinity',
      '-infinity',
    ],
    refused: { '294276-12-31 23:59:59.999999+00': NO_TIMESTAMP },
  },
  { type: 'timestamp(3)', values: ['2026-11-21 23:59:59.999'] },
  { type: 'timestamptz(0)', values: ['2026-11-21 23:59:59+05:30'] },
  { type: 'time', values: ['00:00:00', '24:00:00', '23:59:59.999999'] },
  { type: 'timetz', values: ['12:00:00+14', '00:00:00.000001-15:59'] },
  { type: 'interval', values: ['1 mon', '30 days', '-1 year 2 mons -3 days 04:05:06.000007', '178000000 years'] },
  { type: 'uuid', values: ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'] },
  { type: 'json', values: ['null', '{"a" :  1, "a": 2}', '"\\u00e9\\n"', '[1.0, 1e400]', '{"": ""}'] },
  { type: 'jsonb', values: ['null', '{"a":1.00}', '"\\"\\\\"', '[]', '[null, "\\n"]'] },
  { type: 'xml', values: ['<a b="c">,\n</a>', ''] },
  { type: 'bytea', values: ['', '\\x00', '\\xdeadbeef', '\\x5c2e0a'] },
  { type: 'integer[]', values: ['{}', '{NULL}', '[2:3]={1,2}', '{{1,2},{3,4}}'] },
  { type: 'text[]', values: ['{}', '{NULL,"NULL"}', '{"",",","\\"","\\\\"}', '{"a\nb"}'] },
  { type: 'timestamptz[]', values: ['{"2026-11-21 23:59:59+02",infinity}'] },
  { type: 'int4range', values: ['empty', '[1,5)', '(,)'] },
  { type: 'tstzrange', values: ['["2026-11-21 23:59:59+02",)'] },
  { type: 'mood', values: ['', 'so, so', '"glad"', 'trüb'] },
  { type: 'small_text', values: ['', 'ok'] },
  { type: 'pair', values: ['(1,"a ""b"", c")', '(,)', '(2,"")'] },
  { type: 'inet', values: ['10.0.0.1/8', '::1'] },
  { type: 'bit(3)', values: ['101', '000'] },
  { type: 'varbit', values: ['', '1'] },
  { type: 'point', values: ['(1,-0)', '(NaN,Infinity)'] },
  { type: 'money', values: ['$1,234.56', '-$0.01'] },
  { type: 'tsvector', values: ["'a':1 'b''c':2"] },
];

/** What both databases of a scenario need to know. */
const OWN_TYPES = `
  create type mood as enum ('', 'so, so', '"glad"', 'trüb');
  create domain small_text as varchar(2);
  create type pair as (a int, b text);`;

const nameOf = (index: number) => `values_${index}`;

describe('values of every type', () => {
  let scenario: Scenario;
  const modes = new Set<string | undefined>();
  const afterFirst: Record<string, unknown>[][] = [];
  const sourceAfterFirst: Record<string, unknown>[][] = [];

  beforeAll(async () => {
    const tables = (technical: string) =>
      TYPES.map(({ type }, index) => `create table ${nameOf(index)} (id int primary key, v ${type}${technical});`).join(
        '\n',
      );
    scenario = await createScenario({
      source: OWN_TYPES + tables(''),
      warehouse: OWN_TYPES + tables(', batch bigint not null, deleted boolean not null'),
      models: Object.fromEntries(
        TYPES.map((_, index) => [nameOf(index), { sql: `select id, v from ${nameOf(index)}`, key: 'id' }]),
      ),
    });
    for (const [index, { values }] of TYPES.entries()) {
      for (const [position, value] of [null, ...values].entries()) {
        await scenario.source.query(`insert into ${nameOf(index)} values ($1, $2)`, [position, value]);
      }
    }
    await scenario.run();
    for (const index of TYPES.keys()) {
      sourceAfterFirst.push(await fromSource(index));
      afterFirst.push(await fromWarehouse(index));
    }
    // In the second batch every row takes the value of the next one, and every value comes in a new row too.
    for (const [index, { values }] of TYPES.entries()) {
      const size = values.length + 1;
      await scenario.source.query(`insert into ${nameOf(index)} select id + 1000, v from ${nameOf(index)}`);
      await scenario.source.query(
        `update ${nameOf(index)} t set v = o.v from ${nameOf(index)} o where o.id = 1000 + (t.id + 1) % ${size} and t.id < 1000`,
      );
    }
    const { captured } = await scenario.run();
    for (const table of Object.values(captured?.tables ?? {})) modes.add(table.data?.mode);
  }, 120_000);

  afterAll(() => scenario?.close());

  const fromSource = (index: number) =>
    scenario.source.query(`select id, v::text as value from ${nameOf(index)} order by id`);
  const fromWarehouse = (index: number) =>
    scenario.warehouse.query(`select id, v::text as value from ${nameOf(index)} where not deleted order by id`);

  test('the second batch holds changes only', () => expect([...modes]).toEqual(['changes']));

  describe.each(TYPES.map((type, index) => ({ ...type, index })))('$type', ({ index, refused = {} }) => {
    const fits = ({ value }: Record<string, unknown>) => !Object.hasOwn(refused, String(value));

    test('is unchanged by the first batch', () => {
      expectSame(afterFirst[index], sourceAfterFirst[index]?.filter(fits));
    });

    test('is unchanged by a later batch', async () => {
      const source = await fromSource(index);
      const unfit = new Set(source.filter((row) => !fits(row)).map(({ id }) => id)); // these keep the version before
      const known = ({ id }: Record<string, unknown>) => !unfit.has(id);
      expectSame((await fromWarehouse(index)).filter(known), source.filter(known));
    });

    test('is in quarantine where the lake cannot hold it, with the reason', async () => {
      const rows = await scenario.warehouse.query<{ id: string; value: string; reason: string }>(
        `select row ->> 'id' as id, row ->> 'v' as value, reason from weir_quarantine where model = $1 order by 1`,
        [nameOf(index)],
      );
      const unfit = (await fromSource(index)).filter((row) => !fits(row));
      expect(rows.map(({ id }) => id).sort()).toEqual(unfit.map(({ id }) => id).sort());
      for (const { value, reason } of rows) {
        const text = Object.keys(refused).find((text) => text.startsWith(value)) ?? '';
        expect(reason).toMatch(refused[text] ?? 'a value that is not expected in quarantine');
      }
    });
  });
});

/** Names the first difference instead of printing megabytes. */
function expectSame(actual: readonly Record<string, unknown>[] | undefined, expected: typeof actual): void {
  const short = (row: Record<string, unknown> | undefined) => JSON.stringify(row)?.slice(0, 200);
  const position = (expected ?? []).findIndex((row, index) => JSON.stringify(row) !== JSON.stringify(actual?.[index]));
  expect({ row: short(actual?.[position]), rows: actual?.length }).toEqual({
    row: short(expected?.[position]),
    rows: expected?.length,
  });
  expect(position).toBe(-1);
}

interface KeyCase {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Keys that have no order to cut into ranges, with values that could be taken for one another. */
const KEYS: Readonly<Record<string, KeyCase>> = {
  text: { columns: ['text'], rows: [...TEXTS.slice(0, -2), 'ü', 'u\u0308'].map((text) => [text]) },
  'two texts': {
    columns: ['text', 'text'],
    rows: [
      ['', ''],
      ['a', 'b,c'],
      ['a,b', 'c'],
      ['a"', 'b'],
      ['a', '"b'],
      ['\n', '\\'],
      ['\\N', 'NULL'],
    ],
  },
  'an integer and an instant': {
    columns: ['integer', 'timestamptz'],
    rows: [
      ['1', '2026-11-21 10:00:00.000001+02'],
      ['1', 'infinity'],
      ['2', '0044-03-15 00:00:00+00 BC'],
      ['2', '-infinity'],
    ],
  },
  uuid: {
    columns: ['uuid'],
    rows: [['00000000-0000-0000-0000-000000000000'], ['ffffffff-ffff-ffff-ffff-ffffffffffff']],
  },
  date: { columns: ['date'], rows: [['4713-01-01 BC'], ['2026-11-21'], ['infinity'], ['5874897-12-31']] },
  timestamp: { columns: ['timestamp'], rows: [['4713-01-01 00:00:00 BC'], ['2026-11-21 10:00:00'], ['infinity']] },
  'a decimal': { columns: ['numeric(10,2)'], rows: [['-0.01'], ['0.00'], ['99999999.99']] },
  numeric: { columns: ['numeric'], rows: [['1'], ['1.5'], ['NaN'], ['1e50']] },
  boolean: {
    columns: ['integer', 'boolean'],
    rows: [
      ['1', 't'],
      ['1', 'f'],
      ['2', 't'],
    ],
  },
  enum: { columns: ['mood'], rows: [[''], ['so, so'], ['"glad"'], ['trüb']] },
  'char(3)': { columns: ['char(3)'], rows: [[''], ['a'], ['abc']] },
  bytea: { columns: ['bytea'], rows: [['\\x'], ['\\x00'], ['\\xff']] },
  'double precision': { columns: ['double precision'], rows: [['NaN'], ['Infinity'], ['0.1'], ['5e-324']] },
  'bigint extremes': { columns: ['bigint'], rows: [['-9223372036854775808'], ['-1'], ['0'], ['9223372036854775807']] },
};

describe('keys of every type', () => {
  let scenario: Scenario;
  const cases = Object.entries(KEYS).map(([name, key], index) => ({ name, ...key, table: `keyed_${index}` }));
  const namesOf = ({ columns }: KeyCase) => columns.map((_, index) => `k${index}`);

  beforeAll(async () => {
    const tables = (technical: string) =>
      cases
        .map((key) => {
          const columns = key.columns.map((type, index) => `k${index} ${type}`).join(', ');
          return `create table ${key.table} (${columns}, n int${technical}, primary key (${namesOf(key).join(', ')}));`;
        })
        .join('\n');
    scenario = await createScenario({
      source: OWN_TYPES + tables(''),
      warehouse: OWN_TYPES + tables(', batch bigint not null, deleted boolean not null'),
      models: Object.fromEntries(
        cases.map((key) => [
          key.table,
          { sql: `select ${namesOf(key).join(', ')}, n from ${key.table}`, key: namesOf(key) },
        ]),
      ),
      maxDeleteShare: 1,
    });
    for (const { table, rows } of cases) await insert(table, rows);
    await scenario.run();
  }, 120_000);

  afterAll(() => scenario?.close());

  async function insert(table: string, rows: KeyCase['rows']): Promise<void> {
    for (const [n, row] of rows.entries()) {
      await scenario.source.query(
        `insert into ${table} values (${row.map((_, index) => `$${index + 1}`).join(', ')}, ${n})`,
        row,
      );
    }
  }

  async function bothSides(key: (typeof cases)[number]): Promise<{ source: unknown[]; warehouse: unknown[] }> {
    const select = `select row(${namesOf(key).join(', ')})::text as key, n from ${key.table}`;
    return {
      source: await scenario.source.query(`${select} order by n`),
      warehouse: await scenario.warehouse.query(`${select} where not deleted order by n`),
    };
  }

  test.each(cases)('$name: the first batch brings every key', async (key) => {
    const { source, warehouse } = await bothSides(key);
    expect(warehouse).toEqual(source);
    expect(source).toHaveLength(key.rows.length);
  });

  test.each([
    ['one that is deleted', (table: string) => `delete from ${table} where n = 0`],
    ['one that is updated', (table: string) => `update ${table} set n = n + 100 where n = 1`],
    ['the last that is deleted', (table: string) => `delete from ${table} where n = (select max(n) from ${table})`],
    ['all that are deleted', (table: string) => `delete from ${table}`],
  ])('a later batch finds among the keys of every type %s', async (_, change) => {
    for (const { table } of cases) await scenario.source.query(change(table));
    const { captured } = await scenario.run();
    expect(Object.values(captured?.tables ?? {}).filter(({ data }) => data?.mode === 'whole')).toEqual([]);
    for (const key of cases) {
      const { source, warehouse } = await bothSides(key);
      expect({ key: key.name, rows: warehouse }).toEqual({ key: key.name, rows: source });
    }
  });

  test('keys that come back are there again', async () => {
    for (const { table, rows } of cases) await insert(table, rows);
    await scenario.run();
    for (const key of cases) {
      const { source, warehouse } = await bothSides(key);
      expect({ key: key.name, rows: warehouse }).toEqual({ key: key.name, rows: source });
    }
  });
});

describe('names that need quoting', () => {
  const TABLES = [
    'Upper',
    'with space',
    'with "quotes"',
    "with 'apostrophe'",
    'select',
    'a,b',
    'größe 🛒',
    'a.b',
    'a/b',
    '..',
    '%41',
    'back\\slash',
    'keys',
    'manifests',
    'numbered',
    'bad_rows',
    'captured keys',
    'x'.repeat(63),
  ];
  const COLUMNS = [
    'Upper',
    'with space',
    'with "quotes"',
    "with 'apostrophe'",
    'order',
    'a,b',
    'größe 🛒',
    'a.b',
    'a/b',
    'row',
    'reason',
    'new\nline',
    '$1',
    'y'.repeat(63),
  ];
  const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;
  const columns = COLUMNS.map(quote).join(', ');
  const definition = COLUMNS.map((name) => `${quote(name)} numeric(6,2)`).join(', ');
  const dataset: DatasetText = {
    schema: 'My "schema".x',
    warehouse: TABLES.map(
      (_, index) =>
        `create table named_${index} ("The Key" int primary key, ${definition}, batch bigint not null, deleted boolean not null);`,
    ).join('\n'),
    models: Object.fromEntries(
      TABLES.map((name, index) => [
        `named_${index}`,
        { sql: `select "The Key", ${columns} from ${quote(name)}`, key: 'The Key' },
      ]),
    ),
  };
  let scenario: Scenario;

  beforeAll(async () => {
    const schema = quote(dataset.schema ?? '');
    scenario = await createScenario({
      ...dataset,
      source: `create schema ${schema}; set search_path to ${schema};
        ${TABLES.map((name) => `create table ${quote(name)} ("The Key" int primary key, ${definition});`).join('\n')}`,
    });
    const values = COLUMNS.map((_, index) => index + 0.25).join(', ');
    for (const name of TABLES) {
      await scenario.source.query(`insert into ${quote(name)} select n, ${values} from generate_series(1, 4) n`);
    }
    await scenario.run();
  }, 120_000);

  afterAll(() => scenario?.close());

  async function expectEqual(): Promise<void> {
    for (const [index, name] of TABLES.entries()) {
      const warehouse = await scenario.warehouse.query(
        `select "The Key", ${columns} from named_${index} where not deleted order by 1`,
      );
      const source = await scenario.source.query(
        `select "The Key", ${columns} from ${quote(name)} where "Upper" is distinct from 'NaN' order by 1`,
      );
      expect({ name, rows: warehouse }).toEqual({ name, rows: source });
    }
  }

  test('a first batch brings their tables and columns', () => expectEqual());

  test('a later batch brings what changed and what is gone, and keeps what breaks', async () => {
    for (const name of TABLES) {
      await scenario.source.query(`delete from ${quote(name)} where "The Key" = 1`);
      await scenario.source.query(`update ${quote(name)} set "a,b" = -1 where "The Key" = 2`);
      await scenario.source.query(`update ${quote(name)} set "Upper" = 'NaN' where "The Key" = 3`);
    }
    await scenario.run();
    const quarantined = await scenario.warehouse.query(
      `select source_table as name, row ->> 'The Key' as key, row ->> 'Upper' as value from weir_quarantine order by length(model), model`,
    );
    expect(quarantined).toEqual(TABLES.map((name) => ({ name, key: '3', value: 'NaN' })));
    for (const name of TABLES) {
      await scenario.source.query(`delete from ${quote(name)} where "The Key" = 3`);
    }
    await scenario.run();
    await expectEqual();
    expect(await scenario.warehouse.query('select * from weir_quarantine')).toEqual([]);
  });
});

describe('tables of unusual shape', () => {
  let scenario: Scenario;

  beforeAll(async () => {
    scenario = await createScenario({
      source: `
        create table empty (id int primary key, v text);
        create table single (v text primary key);
        create table nameless (v text);
        create table blank (id int primary key, v text, w int, x timestamp);
        insert into single values (''), ('a'), (E'\\n'), ('\\.'), (E'\\ufeff');
        insert into nameless values (null), ('a');
        insert into blank select n from generate_series(1, 3) n;`,
      warehouse: `
        create table empty (id int primary key, v text, batch bigint not null, deleted boolean not null);
        create table single (v text primary key, batch bigint not null, deleted boolean not null);
        create table nameless (v text not null, batch bigint not null, deleted boolean not null);
        create table blank (id int primary key, v text, w int, x timestamp, batch bigint not null, deleted boolean not null);`,
      models: {
        empty: { sql: 'select id, v from empty', key: 'id' },
        single: { sql: 'select v from single', key: 'v' },
        nameless: { sql: `select coalesce(v, '(nothing)') as v from nameless`, key: 'v' },
        blank: { sql: 'select id, v, w, x from blank', key: 'id' },
      },
      maxDeleteShare: 1,
    });
    await scenario.run();
  }, 120_000);

  afterAll(() => scenario?.close());

  test('a table without rows gives a table without rows, and its first row comes later', async () => {
    expect(await scenario.warehouse.query('select * from empty')).toEqual([]);
    await scenario.source.query(`insert into empty values (1, '')`);
    await scenario.run();
    expect(await scenario.warehouse.query('select id, v, deleted from empty')).toEqual([
      { id: '1', v: '', deleted: 'f' },
    ]);
  });

  test('a table of one column keeps its empty text and its line breaks', async () => {
    const rows = () => scenario.warehouse.query('select v from single where not deleted order by v');
    expect(await rows()).toEqual([{ v: '' }, { v: '\n' }, { v: '\\.' }, { v: 'a' }, { v: '\ufeff' }]);
    await scenario.source.query(`delete from single where v = ''; insert into single values ('b')`);
    await scenario.run();
    expect(await rows()).toEqual([{ v: '\n' }, { v: '\\.' }, { v: 'a' }, { v: 'b' }, { v: '\ufeff' }]);
  });

  test('a row whose only column is NULL, which is a blank line in CSV, is a row', async () => {
    const rows = () => scenario.warehouse.query('select v from nameless where not deleted order by v');
    expect(await rows()).toEqual([{ v: '(nothing)' }, { v: 'a' }]);
    await scenario.source.query(`update nameless set v = 'b' where v = 'a'`);
    await scenario.run();
    expect(await rows()).toEqual([{ v: '(nothing)' }, { v: 'b' }]);
  });

  test('rows of nothing but NULL beside their key are rows', async () => {
    const rows = () => scenario.warehouse.query('select id, v, w, x from blank order by id');
    const nothing = { v: null, w: null, x: null };
    expect(await rows()).toEqual(['1', '2', '3'].map((id) => ({ id, ...nothing })));
    await scenario.source.query(`insert into blank values (4); update blank set v = '' where id = 1`);
    await scenario.run();
    expect(await rows()).toEqual([
      { id: '1', ...nothing, v: '' },
      ...['2', '3', '4'].map((id) => ({ id, ...nothing })),
    ]);
  });
});

describe('values drawn at random', () => {
  let scenario: Scenario;

  beforeAll(async () => {
    const columns =
      'id int primary key, a text, b numeric(38,10), c timestamp, d double precision, e numeric, f timestamptz';
    scenario = await createScenario({
      source: `create table random (${columns});`,
      warehouse: `create table random (${columns}, batch bigint not null, deleted boolean not null);`,
      models: { random: { sql: 'select id, a, b, c, d, e, f from random', key: 'id' } },
      maxDeleteShare: 1,
    });
    await scenario.run();
  });

  afterAll(() => scenario?.close());

  const text = fc
    .oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', '\\', '.', 'N', ' ', '\ufeff') }),
    )
    .map((value) => value.replaceAll('\0', ''));
  const decimal = fc
    .tuple(fc.bigInt(-(10n ** 28n) + 1n, 10n ** 28n - 1n), fc.bigInt(0n, 10n ** 10n - 1n))
    .map(([whole, fraction]) => `${whole}.${String(fraction).padStart(10, '0')}`);
  const instant = fc.bigInt(-210_000_000_000_000_000n, 9_000_000_000_000_000_000n); // microseconds since 1970
  const row = fc.tuple(
    fc.option(text),
    fc.option(decimal),
    fc.option(instant),
    fc.option(fc.double()),
    fc.option(fc.tuple(fc.bigInt(), fc.nat(300)).map(([digits, exponent]) => `${digits}e-${exponent}`)),
    fc.option(instant),
  );

  test('are the same on both sides, whatever is replaced by whatever', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 60 }), async (rows) => {
        await replaceRows(scenario.source, rows);
        await scenario.run();
        const select = 'select id, a, b::text, c::text, d::text, e::text, f::text from';
        expect(await scenario.warehouse.query(`${select} ${SCHEMA}.random where not deleted order by id`)).toEqual(
          await scenario.source.query(`${select} random order by id`),
        );
      }),
      { numRuns: 12 },
    );
  }, 120_000);

  type Row = typeof row extends fc.Arbitrary<infer Value> ? Value : never;

  async function replaceRows(session: Session, rows: readonly Row[]): Promise<void> {
    const atMicrosecond = (parameter: string) =>
      `timestamp '1970-01-01' + make_interval(secs => trunc(${parameter}::numeric / 1000000)::float8) + make_interval(secs => (${parameter}::numeric % 1000000)::float8 / 1000000)`;
    await session.query('begin');
    await session.query('delete from random');
    for (const [id, [a, b, c, d, e, f]] of rows.entries()) {
      await session.query(
        `insert into random values ($1, $2, $3, ${atMicrosecond('$4')}, $5, $6, (${atMicrosecond('$7')}) at time zone 'UTC')`,
        [
          id,
          a,
          b,
          c === null ? null : String(c),
          d === null ? null : Object.is(d, -0) ? '-0' : String(d),
          e,
          f === null ? null : String(f),
        ],
      );
    }
    await session.query('commit');
  }
});
