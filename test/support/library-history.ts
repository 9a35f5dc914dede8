/** Random histories of the library: what its users may do, in any order, and when the pipeline looks. */
import fc from 'fast-check';

/** A transaction of a user; a part of one that stays open while others come and go; or a look of the pipeline. */
export type Step =
  | { readonly user: string }
  | { readonly long: string }
  /** How often transform and load are woken after ingest: never, once or twice. */
  | { readonly poll: { readonly transform: number; readonly load: number } };

const loan = fc.constantFrom(-1, 1, 2, 4095, 4096); // on both sides of where ranges of key sums meet
const book = fc.constantFrom(1, 2, 9);
const shelf = fc.constantFrom(1, 2, 3);
const card = fc.constantFrom(`'a'`, `'b'`, `'ü '','`);
const day = fc.constantFrom('null', `'2026-12-01'`, `'2026-12-24'`, `'2027-01-01'`, `'some day'`);
const fee = fc.constantFrom('null', '0.00', '1.50', '2.00', '2.50', '1234.56');
const word = fc.constantFrom(`'x'`, `'y'`, `''`);
const touch = fc.constantFrom('', ', last_updated = clock_timestamp()'); // or silently

/** SQL with a random choice in every gap. */
function sql(strings: TemplateStringsArray, ...choices: fc.Arbitrary<string | number>[]): fc.Arbitrary<string> {
  return fc.tuple(...choices).map((chosen) => String.raw({ raw: strings }, ...chosen));
}

const ofLoans = fc.oneof(
  sql`insert into loan values (${loan}, ${book}, ${card}, ${day}, ${fee}) on conflict do nothing`,
  sql`update loan set fee = ${fee} ${touch} where loan_id = ${loan}`,
  sql`update loan set fee = ${fee} ${touch} where loan_id < ${loan}`,
  sql`update loan set due = ${day}, book_id = ${book} ${touch} where loan_id = ${loan}`,
  sql`update loan set loan_id = ${loan} where loan_id = ${loan}`,
  sql`delete from loan where loan_id = ${loan}`,
  sql`delete from loan where loan_id in (${loan}, ${loan})`,
);
const ofOthers = fc.oneof(
  sql`insert into book values (${book}, ${word}, ${shelf}) on conflict do nothing`,
  sql`update book set title = ${word}, shelf_id = ${shelf} where book_id = ${book}`,
  sql`delete from book where book_id = ${book}`,
  sql`insert into shelf values (${shelf}, ${word}) on conflict (shelf_id) do update set room = excluded.room`,
  sql`delete from shelf where shelf_id = ${shelf}`,
  sql`insert into reader values (${card}, ${word}) on conflict do nothing`,
  sql`update reader set name = ${word} ${touch} where card = ${card}`,
  sql`delete from reader where card = ${card}`,
  sql`insert into visit values (${card}, date '2026-11-01' + ${shelf}, ${book}) on conflict do nothing`,
  sql`update visit set minutes = ${book} where card = ${card}`,
  sql`delete from visit where card = ${card}`,
);
const change = fc.oneof({ arbitrary: ofLoans, weight: 3 }, { arbitrary: ofOthers, weight: 2 });

const table = fc.constantFrom('loan', 'book', 'shelf', 'reader', 'visit');
const column = fc.constantFrom('added_1', 'added_2');
const refill = (name: string) =>
  `begin; create temp table kept on commit drop as table ${name}; truncate ${name}; insert into ${name} table kept; commit`;

const transaction = fc.oneof(
  { arbitrary: change, weight: 12 },
  { arbitrary: sql`begin; ${change}; ${change}; commit`, weight: 1 },
  { arbitrary: sql`begin; ${change}; ${change}; rollback`, weight: 1 },
  { arbitrary: sql`begin; ${change}; savepoint s; ${change}; rollback to s; ${change}; commit`, weight: 1 },
  { arbitrary: sql`begin; savepoint s; ${change}; release s; ${change}; commit`, weight: 1 },
  { arbitrary: sql`alter table ${table} add column ${column} text default ${word}`, weight: 1 },
  { arbitrary: sql`alter table ${table} drop column if exists ${column}`, weight: 1 },
  { arbitrary: table.map(refill), weight: 1 },
  { arbitrary: sql`vacuum (full, freeze) ${table}`, weight: 1 },
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: transaction.map((user) => ({ user })), weight: 12 },
  { arbitrary: change.map((long) => ({ long })), weight: 3 },
  { arbitrary: fc.constantFrom({ long: 'commit' }, { long: 'rollback' }), weight: 2 },
  {
    arbitrary: fc.record({ poll: fc.record({ transform: fc.nat(2), load: fc.nat(2) }) }),
    weight: 6,
  },
);

export const history: fc.Arbitrary<Step[]> = fc.array(step, { minLength: 10, maxLength: 40, size: 'max' });
