/** What the warehouse of the library has to hold, said in the simplest way: rows in maps, looked at once a poll. */
import type { Session } from '../../lambdas/shared/session.ts';

export type Row = Readonly<Record<string, string | null>>;

/** What a look at the source shows; and what a warehouse holds, whose dimensions and versions say if they are deleted. */
export interface LibraryState {
  readonly books: readonly Row[];
  readonly readers: readonly Row[];
  readonly visits: readonly Row[];
  readonly loans: readonly Row[];
}

/** Reads the source as the models should see it, with joins and casts of PostgreSQL. */
export async function readSource(session: Session): Promise<LibraryState> {
  return {
    books: await session.query('select book_id, title, room from book left join shelf using (shelf_id)'),
    readers: await session.query('select card, name from reader'),
    visits: await session.query('select card, day, minutes from visit'),
    loans: await session.query(
      `select loan_id, book_id, card, due, fee, last_updated at time zone 'UTC' as last_updated from loan`,
    ),
  };
}

export interface Reference {
  /** Takes in what a poll should have seen. */
  see(state: LibraryState): void;
  readonly books: ReadonlyMap<string, Row>;
  readonly readers: ReadonlyMap<string, Row>;
  readonly visits: ReadonlyMap<string, Row>;
  /** All versions of every loan, oldest first. */
  readonly versions: ReadonlyMap<string, readonly Row[]>;
  /** The loans whose present row does not fit. */
  readonly quarantine: ReadonlySet<string>;
}

export function createReference(): Reference {
  const books = new Map<string, Row>();
  const readers = new Map<string, Row>();
  const visits = new Map<string, Row>();
  const versions = new Map<string, Row[]>();
  const quarantine = new Set<string>();

  function seeLoan(row: Row): void {
    const key = String(row.loan_id);
    const known = books.has(String(row.book_id)) && readers.has(String(row.card));
    if (!known || row.fee === null || row.due === 'some day') {
      quarantine.add(key);
      return;
    }
    const version = { ...row, deleted: 'f' };
    const before = versions.get(key) ?? [];
    if (JSON.stringify(before.at(-1)) !== JSON.stringify(version)) versions.set(key, [...before, version]);
  }

  return {
    books,
    readers,
    visits,
    versions,
    quarantine,
    see(state) {
      seeLatest(books, state.books, 'book_id');
      seeLatest(readers, state.readers, 'card');
      for (const visit of state.visits) {
        const key = `${visit.card} ${visit.day}`;
        if (!visits.has(key)) visits.set(key, visit);
      }
      quarantine.clear();
      for (const loan of state.loans) seeLoan(loan);
      for (const [key, before] of versions) {
        const newest = before.at(-1);
        const gone = !state.loans.some(({ loan_id }) => loan_id === key);
        if (gone && newest?.deleted === 'f') versions.set(key, [...before, { ...newest, deleted: 't' }]);
      }
    },
  };
}

/** A row whose source row is gone stays, marked. */
function seeLatest(known: Map<string, Row>, rows: readonly Row[], key: string): void {
  for (const [name, row] of known) known.set(name, { ...row, deleted: 't' });
  for (const row of rows) known.set(String(row[key]), { ...row, deleted: 'f' });
}
