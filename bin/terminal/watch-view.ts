/** What `weir watch` shows on a terminal: a line that stays for each batch, and below them how far each stage is. */
import type { WriteStream } from 'node:tty';
import { createLogUpdate } from 'log-update';
import type { Heads } from '../heads.ts';
import { type Pass, rowsMade, rowsRead, sum } from '../pass.ts';
import { createDisplay, type Display, type DisplayOptions } from './display.ts';
import { age, counted, grouped, seconds } from './words.ts';

export interface WatchView extends Display {
  /** Says what is watched, and where the stages were before. */
  begin(title: readonly string[], heads: Heads): void;
  /** What a pass did. */
  report(pass: Pass): void;
  /** Leaves the last state on the terminal. */
  end(): void;
}

interface StageLine {
  readonly batch: number;
  readonly what: string;
}

const REDRAW_MILLIS = 250;

/** Where there is no terminal, the plain lines of a display that say the same. */
export function createWatchView({ stream = process.stderr, ...options }: DisplayOptions = {}): WatchView {
  return stream.isTTY && process.env.TERM !== 'dumb' ? createLiveView(stream) : createPlainView({ stream, ...options });
}

function createPlainView(options: DisplayOptions): WatchView {
  const display = createDisplay(options);
  return {
    ...display,
    begin: (title) => title.forEach(display.note),
    report: () => undefined,
    end: () => undefined,
  };
}

function createLiveView(stream: WriteStream): WatchView {
  const draw = createLogUpdate(stream);
  const lines = new Map<string, StageLine>();
  let title: readonly string[] = [];
  let quarantined = 0;
  let looked: { readonly at: number; readonly well: boolean } | undefined;
  let doing: { readonly stage: string; readonly started: number; what: string } | undefined;

  const redraw = () => {
    const stages = STAGES.map((stage) => {
      const { batch, what } = lines.get(stage) ?? { batch: 0, what: '' };
      return `  ${stage.padEnd(11)}${(batch === 0 ? '–' : `batch ${grouped(batch)}`).padEnd(14)}${what}`.trimEnd();
    });
    const now = performance.now();
    const foot = [
      looked === undefined ? '' : `looked ${age((now - looked.at) / 1000)} ago${looked.well ? '' : ', in vain'}`,
      behindOf(lines),
      quarantined === 0 ? 'nothing in quarantine' : `${counted(quarantined, 'row')} in quarantine`,
    ];
    const work = doing === undefined ? 'waiting' : `${doing.stage} ${doing.what}  ${seconds(now - doing.started)}`;
    draw([...title, '', ...stages, '', `  ${foot.filter(Boolean).join(' · ')}`, `  ${work}`].join('\n'));
  };
  let timer: NodeJS.Timeout | undefined;
  const note = (text: string) => draw.persist(text);

  return {
    note,
    print: note,
    log: {
      info: (message) => {
        if (doing !== undefined) doing.what = message;
      },
      warn: (message) => note(`${clock()}  warning: ${message}`),
    },

    async during(stage, work) {
      doing = stage === 'waiting' ? undefined : { stage, started: performance.now(), what: '' };
      redraw();
      try {
        return await work();
      } finally {
        doing = undefined;
      }
    },

    begin(text, heads) {
      title = text;
      timer = setInterval(redraw, REDRAW_MILLIS);
      for (const stage of STAGES) lines.set(stage, { batch: heads[stage], what: '' });
      quarantined = heads.quarantined;
    },

    report({ captured, transformed, loaded, failures }) {
      looked = { at: performance.now(), well: failures.length === 0 };
      if (captured !== undefined) {
        lines.set('ingest', { batch: captured.number, what: `${counted(rowsRead(captured), 'row')} read` });
      }
      for (const manifest of transformed)
        lines.set('transform', { batch: manifest.number, what: `${counted(rowsMade(manifest), 'row')} made` });
      for (const batch of loaded) {
        const what = whatLoaded(batch.models);
        lines.set('load', { batch: batch.number, what });
        quarantined = batch.quarantined;
        note(`${clock()}  batch ${grouped(batch.number)}: ${what}`);
      }
      redraw();
    },

    end() {
      clearInterval(timer);
      doing = undefined;
      redraw();
      draw.done();
    },
  };
}

const STAGES = ['ingest', 'transform', 'load'] as const;

function behindOf(lines: ReadonlyMap<string, StageLine>): string {
  const behind = (lines.get('ingest')?.batch ?? 0) - (lines.get('load')?.batch ?? 0);
  return behind > 0 ? `the warehouse is ${counted(behind, 'batch', 'batches')} behind` : 'the warehouse is up to date';
}

function whatLoaded(models: Pass['loaded'][number]['models']): string {
  const counts = Object.values(models);
  const total = (name: 'inserted' | 'changed' | 'deleted') => grouped(sum(counts.map((count) => count[name])));
  return `${total('inserted')} inserted, ${total('changed')} changed, ${total('deleted')} deleted`;
}

function clock(): string {
  return new Date().toLocaleTimeString('en-GB');
}
