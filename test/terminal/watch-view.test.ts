import { Writable } from 'node:stream';
import type { WriteStream } from 'node:tty';
import { stripVTControlCharacters } from 'node:util';
import type { Heads } from '../../bin/heads.ts';
import type { Pass } from '../../bin/pass.ts';

import { createWatchView } from '../../bin/terminal/watch-view.ts';

/** A terminal of 80 by 24 characters that keeps what was written to it. */
function createTerminal(): { stream: WriteStream; written: () => string } {
  let written = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written += chunk;
      done();
    },
  });
  return {
    stream: Object.assign(stream, { isTTY: true, columns: 80, rows: 24 }) as unknown as WriteStream,
    written: () => stripVTControlCharacters(written),
  };
}

const HEADS: Heads = { ingest: 3, transform: 3, load: 2, quarantined: 2, failures: [] };

const COUNTS = { inserted: 1200, changed: 2, deleted: 1, unchanged: 0, quarantined: 0 };

function pass(part: Partial<Pass> = {}): Pass {
  return { captured: undefined, transformed: [], loaded: [], failures: [], stopped: false, ...part };
}

test('it begins with how far the stages were, and what waits in quarantine', () => {
  const { stream, written } = createTerminal();
  const view = createWatchView({ stream });
  view.begin(['watching parcels'], HEADS);
  view.report(pass());
  view.end();
  expect(written()).toContain(
    [
      'watching parcels',
      '',
      '  ingest     batch 3',
      '  transform  batch 3',
      '  load       batch 2',
      '',
      '  looked 0 s ago · the warehouse is 1 batch behind · 2 rows in quarantine',
      '  waiting',
    ].join('\n'),
  );
});

test('a batch leaves one line, and the stages show what they did', () => {
  const { stream, written } = createTerminal();
  const view = createWatchView({ stream });
  view.begin(['watching parcels'], HEADS);
  const loaded = [2, 3].map((number) => ({
    number,
    capturedAt: '2026-11-21T07:00:00.000Z',
    quarantined: 0,
    models: { fact_parcel: COUNTS },
  }));
  view.report(pass({ loaded }));
  view.end();
  const lines = written().split('\n');
  expect(
    lines.filter((line) => /^\d\d:\d\d:\d\d {2}batch \d: 1,200 inserted, 2 changed, 1 deleted$/.test(line)),
  ).toHaveLength(2);
  expect(written()).toContain('  load       batch 3       1,200 inserted, 2 changed, 1 deleted\n');
  expect(written()).toContain('looked 0 s ago · the warehouse is up to date · nothing in quarantine');
});

test('while it works it says at what and for how long; a warning stays', async () => {
  const { stream, written } = createTerminal();
  const view = createWatchView({ stream });
  view.begin(['watching parcels'], HEADS);
  await view.during('ingest', async () => {
    view.log.info('reading parcel');
    view.log.warn('parcel has no primary key');
    view.report(pass());
  });
  view.end();
  expect(written()).toMatch(/\n {2}ingest reading parcel {2}0\.\d s/);
  expect(written()).toMatch(/\d\d:\d\d:\d\d {2}warning: parcel has no primary key\n/);
});

test('a pass that failed is told as one', () => {
  const { stream, written } = createTerminal();
  const view = createWatchView({ stream });
  view.begin(['watching parcels'], HEADS);
  view.report(pass({ failures: [new Error('the source is down')] }));
  view.end();
  expect(written()).toContain('looked 0 s ago, in vain');
});
