/** Whether a horizon still means something to the server, up to the ends of the numbers. */
import { beforeAll, expect, test } from '@jest/globals';
import { changedSince } from '../../lambdas/ingest/census.ts';
import { reasonForFullRead, type Snapshot } from '../../lambdas/ingest/snapshot.ts';
import type { IngestionManifest } from '../../lambdas/shared/manifest.ts';
import { datasetOf, previousBatch } from '../support/previous-batch.ts';

let previous: IngestionManifest;

beforeAll(async () => {
  const dataset = await datasetOf({ models: { item: { sql: 'select id from item', key: 'id' } }, warehouse: '' });
  previous = previousBatch({ dataset, tables: [] });
});

const now = (change: Partial<Omit<Snapshot, 'server'>> & { server?: Partial<Snapshot['server']> } = {}): Snapshot => ({
  snapshot: '',
  horizon: '1000',
  nextXid: '1010',
  ...change,
  server: { ...previous.server, ...change.server },
});

test('the first batch is read whole', () => expect(reasonForFullRead(undefined, now())).toBe('first read'));

test('the same server, where nothing or something happened, is read from the horizon on', () => {
  expect(reasonForFullRead(previous, now())).toBeUndefined();
  expect(reasonForFullRead(previous, now({ horizon: '1500', nextXid: '2000' }))).toBeUndefined();
});

test.each([
  ['another system', { systemIdentifier: '7560000000000000001' }, 'another database'],
  ['another database of the same system', { database: 'copy' }, 'another database'],
  ['another timeline', { timeline: '2' }, 'another timeline: failover or point-in-time recovery'],
  ['a replica after its primary', { inRecovery: true }, 'primary and replica changed places'],
  [
    'a later start',
    { startedAt: '2026-11-20 00:00:00.000001+00' },
    'server restarted: after a crash it may give transaction ids anew',
  ],
])('%s is read whole', (_, server, reason) => expect(reasonForFullRead(previous, now({ server }))).toBe(reason));

test.each([
  ['horizon', { horizon: '999' }],
  ['next transaction id', { nextXid: '1009' }],
])('a %s that went back is read whole', (_, change) =>
  expect(reasonForFullRead(previous, now(change))).toBe('transaction ids went back'),
);

test('numbers are compared as numbers of 64 bit, not as texts and not as floating point', () => {
  const before = { ...previous, horizon: '9007199254740993', nextXid: '9007199254740993' };
  expect(reasonForFullRead(before, now({ horizon: '9007199254740992', nextXid: '9007199254740994' }))).toBe(
    'transaction ids went back',
  );
  expect(reasonForFullRead(before, now({ horizon: '10000000000000000', nextXid: '9007199254740993' }))).toBeUndefined();
});

test.each([
  [2n ** 31n - 2n ** 20n, undefined],
  [2n ** 31n - 2n ** 20n + 1n, 'more than two thousand million transactions since the last batch'],
  [2n ** 32n + 5n, 'more than two thousand million transactions since the last batch'],
])('%s transactions after the horizon, age() %s tell newer from older', (distance, reason) => {
  const nextXid = String(1000n + distance);
  expect(reasonForFullRead(previous, now({ horizon: nextXid, nextXid }))).toBe(reason);
});

test.each([
  ['1000', '1000'],
  ['4294967295', '4294967295'],
  ['4294967299', '3'],
  ['8589934597', '5'],
])('the horizon %s is the 32-bit transaction id %s', (horizon, xid) =>
  expect(changedSince(horizon)).toContain(`age('${xid}'::xid)`),
);
