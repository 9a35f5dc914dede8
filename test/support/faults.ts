/** Makes one call through a port fail: before it acts, in the middle of its stream, or after it took effect, as when its reply is lost; or late. */
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { RetryableError } from '../../lambdas/shared/errors.ts';
import type { Lake, ObjectStore } from '../../lambdas/shared/object-store.ts';
import type { Connect, Session } from '../../lambdas/shared/session.ts';

export interface Fault {
  /** Position of the call among all calls of the run. */
  readonly at: number;
  readonly kind: 'before' | 'midway' | 'after';
}

/** The call does not fail but is late: something else happens before it acts. */
export interface Delay {
  readonly at: number;
  readonly kind: 'late';
  readonly meanwhile: () => Promise<unknown>;
}

export interface Call {
  /** What is called and with what, for messages: `warehouse.query begin`. */
  readonly label: string;
  /** Whether bytes flow through it, so that it can break midway. */
  readonly streams: boolean;
}

export interface Faults {
  /** Every call that crossed a wrapped port so far, in order. */
  readonly calls: readonly Call[];
  /** What the chosen call fails with. */
  readonly error: RetryableError;
  /** The sessions that were opened and not ended yet. */
  readonly openSessions: ReadonlySet<Session>;
  wrapLake(lake: Lake): Lake;
  wrapConnect(place: string, connect: Connect): Connect;
}

/** Ports that record their calls and let one of them fail; without a fault they only record. */
export function createFaults(fault?: Fault | Delay): Faults {
  const calls: Call[] = [];
  const openSessions = new Set<Session>();
  const error = new RetryableError('injected: the connection broke');

  /** Runs `act`, or lets it fail as the fault says. `refuse` does what the adapter does with a stream that it does not take. */
  async function cross<Result>(call: Call, acts: Acts<Result>): Promise<Result> {
    if (calls.push(call) - 1 !== fault?.at) return acts.act();
    const { kind } = fault;
    if (kind === 'late') {
      await fault.meanwhile();
      return acts.act();
    }
    if (kind === 'before') acts.refuse?.();
    if (kind === 'after') await acts.act().then(acts.forget, () => undefined); // its own refusal is a reply, and lost as well
    if (kind === 'midway') {
      if (acts.breakMidway === undefined) throw new Error(`${call.label} has no stream to break`);
      return acts.breakMidway(error);
    }
    throw error;
  }

  return {
    calls,
    error,
    openSessions,
    wrapLake: ({ ingestion, processed }) => ({
      ingestion: wrapStore('ingestion', ingestion, cross),
      processed: wrapStore('processed', processed, cross),
    }),
    wrapConnect: (place, connect) => async () => {
      const session = await cross(
        { label: `${place}.connect`, streams: false },
        { act: connect, forget: (session) => session.end() },
      );
      openSessions.add(session);
      return wrapSession({ place, session, cross, error, ended: () => openSessions.delete(session) });
    },
  };
}

interface Acts<Result> {
  readonly act: () => Promise<Result>;
  readonly refuse?: () => void;
  /** Lets go of a result that the caller will not get. */
  readonly forget?: (result: Result) => unknown;
  readonly breakMidway?: (error: Error) => Promise<Result>;
}

type Cross = <Result>(call: Call, acts: Acts<Result>) => Promise<Result>;

function wrapStore(place: string, store: ObjectStore, cross: Cross): ObjectStore {
  return {
    url: store.url,
    put: (key, body) =>
      cross(
        { label: `${place}.put ${key}`, streams: true },
        {
          act: () => store.put(key, body),
          refuse: () => body.destroy(),
          breakMidway: async (error) => store.put(key, halfOf(await buffer(body), error)),
        },
      ),
    putIfAbsent: (key, body) =>
      cross({ label: `${place}.putIfAbsent ${key}`, streams: false }, { act: () => store.putIfAbsent(key, body) }),
    get: (key) =>
      cross(
        { label: `${place}.get ${key}`, streams: true },
        {
          act: () => store.get(key),
          forget: (body) => body.destroy(),
          breakMidway: async (error) => halfOf(await buffer(await store.get(key)), error),
        },
      ),
    list: (folder) => cross({ label: `${place}.list ${folder}`, streams: false }, { act: () => store.list(folder) }),
  };
}

interface WrapSessionOptions {
  readonly place: string;
  readonly session: Session;
  readonly cross: Cross;
  readonly error: Error;
  readonly ended: () => void;
}

/** A connection on which a call failed is gone: the server rolls back what was open, and every later call fails as well. */
function wrapSession({ place, session, cross, error, ended }: WrapSessionOptions): Session {
  let dead = false;
  const use: Cross = async (call, acts) => {
    if (dead) throw new RetryableError(`${place}: the connection is gone`, { cause: error });
    try {
      return await cross(call, acts);
    } catch (caught) {
      if (caught === error) {
        dead = true;
        await session.end();
      }
      throw caught;
    }
  };
  const label = (operation: string, sql: string) => `${place}.${operation} ${sql.replace(/\s+/g, ' ').trim()}`;
  return {
    query: (sql, values) =>
      use({ label: label('query', sql), streams: false }, { act: () => session.query(sql, values) }),
    execute: (sql, values) =>
      use({ label: label('execute', sql), streams: false }, { act: () => session.execute(sql, values) }),
    copyOut: (sql, sink) =>
      use(
        { label: label('copyOut', sql), streams: true },
        {
          act: () => session.copyOut(sql, sink),
          refuse: () => {
            void pipeline(halfOf(Buffer.alloc(0), error), sink).catch(() => undefined);
          },
          breakMidway: async (error) => {
            const rows = new PassThrough();
            const [bytes] = await Promise.all([buffer(rows), session.copyOut(sql, rows)]);
            await pipeline(halfOf(bytes, error), sink);
            return 0;
          },
        },
      ),
    copyIn: (sql, source) =>
      use(
        { label: label('copyIn', sql), streams: true },
        {
          act: () => session.copyIn(sql, source),
          refuse: () => source.destroy(),
          breakMidway: async (error) => session.copyIn(sql, halfOf(await buffer(source), error)),
        },
      ),
    end: async () => {
      await session.end();
      ended();
    },
  };
}

/** The first half of the bytes, then the error. */
function halfOf(bytes: Buffer, error: Error): Readable {
  return Readable.from(
    (async function* () {
      const half = bytes.subarray(0, Math.ceil(bytes.length / 2));
      if (half.length > 0) yield half;
      throw error;
    })(),
  );
}
