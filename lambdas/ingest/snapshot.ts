/** One snapshot over all tables, and whether it continues the history of the batch before. */
import { RetryableError, TerminalError } from '../shared/errors.ts';
import type { IngestionManifest, ServerIdentity } from '../shared/manifest.ts';
import { literal } from '../shared/postgres.ts';
import type { Session } from '../shared/session.ts';

export interface Snapshot {
  readonly server: ServerIdentity;
  readonly snapshot: string;
  /** Oldest transaction still open at the snapshot (`pg_snapshot_xmin`), 64 bit. */
  readonly horizon: string;
  /** One more than the newest transaction that has ended (`pg_snapshot_xmax`), 64 bit. */
  readonly nextXid: string;
}

interface SnapshotRow {
  readonly snapshot: string;
  readonly horizon: string;
  readonly next_xid: string;
  readonly started_at: string;
  readonly in_recovery: string;
  readonly system_identifier: string;
  readonly timeline: string;
  readonly database: string;
  readonly version: string;
}

export interface OpenSnapshotOptions {
  /** Quoted names of the tables to lock. */
  readonly tables: readonly string[];
  /** Id of a snapshot to read from, which an open transaction has exported and which that transaction's locks protect. @default - a new one */
  readonly exported?: string | undefined;
}

/**
 * Opens the transaction of a batch: the locks come before the first SELECT, because TRUNCATE and rewriting ALTER TABLE
 * are not MVCC-safe and a snapshot older than one of them would see an empty table.
 */
export async function openSnapshot(session: Session, { tables, exported }: OpenSnapshotOptions): Promise<Snapshot> {
  await session.query('begin isolation level repeatable read read only');
  if (exported !== undefined) await session.query(`set transaction snapshot ${literal(exported)}`);
  await session.query(`set local lock_timeout = '3s'`);
  if (tables.length > 0) await session.query(`lock table ${tables.join(', ')} in access share mode`);
  const [row] = await session.query<SnapshotRow>(
    `select
       pg_current_snapshot() as snapshot,
       pg_snapshot_xmin(pg_current_snapshot()) as horizon,
       pg_snapshot_xmax(pg_current_snapshot()) as next_xid,
       pg_postmaster_start_time() as started_at,
       pg_is_in_recovery() as in_recovery,
       (select system_identifier from pg_control_system()) as system_identifier,
       (select timeline_id from pg_control_checkpoint()) as timeline,
       current_database() as database,
       current_setting('server_version_num') as version`,
  );
  if (row === undefined) throw new RetryableError('the source gave no snapshot; nothing was read, run again');
  if (Number(row.version) < 140_000) {
    throw new TerminalError(
      `the source runs PostgreSQL ${Math.floor(Number(row.version) / 10_000)}; 14 or newer is needed`,
    );
  }
  return {
    server: {
      systemIdentifier: row.system_identifier,
      timeline: row.timeline,
      startedAt: row.started_at,
      inRecovery: row.in_recovery === 't',
      database: row.database,
    },
    snapshot: row.snapshot,
    horizon: row.horizon,
    nextXid: row.next_xid,
  };
}

/** Half the circle of 32-bit transaction ids: beyond it `age()` no longer tells newer from older. */
const MAX_DISTANCE = 2n ** 31n - 2n ** 20n;

/** Why the horizon of the batch before means nothing to this server any more, so that every table is read whole; undefined if it does. */
export function reasonForFullRead(previous: IngestionManifest | undefined, now: Snapshot): string | undefined {
  if (previous === undefined) return 'first read';
  const { server } = previous;
  if (server.systemIdentifier !== now.server.systemIdentifier || server.database !== now.server.database)
    return 'another database';
  if (server.timeline !== now.server.timeline) return 'another timeline: failover or point-in-time recovery';
  if (server.inRecovery !== now.server.inRecovery) return 'primary and replica changed places';
  if (server.startedAt !== now.server.startedAt)
    return 'server restarted: after a crash it may give transaction ids anew';
  if (BigInt(now.horizon) < BigInt(previous.horizon) || BigInt(now.nextXid) < BigInt(previous.nextXid))
    return 'transaction ids went back';
  if (BigInt(now.nextXid) - BigInt(previous.horizon) > MAX_DISTANCE)
    return 'more than two thousand million transactions since the last batch';
  return undefined;
}

/**
 * True if nothing was written on the whole server between two snapshots: no transaction was open at the first, and none has
 * ended since (`pg_snapshot_xmax` is one more than the newest transaction that has). Tables need not be looked at then.
 */
export function isQuiet(since: Snapshot | undefined, now: Snapshot): boolean {
  return (
    since !== undefined &&
    since.horizon === since.nextXid &&
    since.nextXid === now.nextXid &&
    since.server.startedAt === now.server.startedAt
  );
}
