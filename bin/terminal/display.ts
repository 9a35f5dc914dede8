/** What the command shows while it works: one live line on a terminal, plain lines elsewhere. All of it on stderr: stdout is for results. */
import type { WriteStream } from 'node:tty';
import type { Log } from '../../lambdas/shared/log.ts';
import { counted, grouped, seconds } from './words.ts';

export interface Display {
  /** What the stages say. */
  readonly log: Log;
  /** Shows a piece of work under its name for as long as it lasts. `tell` gives the line that stays when it is done. */
  during<Result>(
    name: string,
    work: () => Promise<Result>,
    tell?: (result: Result) => string | undefined,
  ): Promise<Result>;
  /** Writes a line that stays. */
  note(text: string): void;
  /** Writes a result to stdout. */
  print(text: string): void;
}

export interface DisplayOptions {
  /** Whether all that the stages say becomes plain lines where there is no terminal. @default - true */
  readonly detail?: boolean;
  /** @default - stderr */
  readonly stream?: WriteStream;
}

const REDRAW_MILLIS = 100;
const NAME_WIDTH = 11;

export function createDisplay({ detail = true, stream = process.stderr }: DisplayOptions = {}): Display {
  const isLive = stream.isTTY && process.env.TERM !== 'dumb';
  let current: { readonly name: string; readonly started: number; doing: string } | undefined;

  const clear = () => {
    if (isLive) stream.write('\r\x1b[2K');
  };
  const draw = () => {
    if (!isLive || current === undefined) return;
    const elapsed = seconds(performance.now() - current.started);
    const line = `${current.name.padEnd(NAME_WIDTH)}${current.doing}  `;
    const room = Math.max(0, stream.columns - elapsed.length - 1);
    clear();
    stream.write(`${line.slice(0, room)}${elapsed}`);
  };
  const note = (text: string) => {
    clear();
    stream.write(`${text}\n`);
    draw();
  };
  const say = (message: string, fields: Fields) => {
    if (current !== undefined) current.doing = brief(message, fields);
    if (isLive) draw();
    else if (detail) note(`${(current?.name ?? 'weir').padEnd(NAME_WIDTH)}${message}${fieldList(fields)}`);
  };

  return {
    note,

    log: {
      info: (message, fields = {}) => say(message, fields),
      warn: (message, fields = {}) =>
        note(`${(current?.name ?? 'weir').padEnd(NAME_WIDTH)}warning: ${message}${fieldList(fields)}`),
    },

    async during(name, work, tell = () => undefined) {
      const started = performance.now();
      current = { name, started, doing: '' };
      draw();
      const timer = isLive ? setInterval(draw, REDRAW_MILLIS) : undefined;
      try {
        const result = await work();
        const line = tell(result);
        current = undefined;
        if (line !== undefined) note(`${name.padEnd(NAME_WIDTH)}${line}  ${seconds(performance.now() - started)}`);
        return result;
      } finally {
        current = undefined;
        clearInterval(timer);
        clear();
      }
    },

    print(text) {
      clear();
      process.stdout.write(`${text}\n`);
      draw();
    },
  };
}

type Fields = Readonly<Record<string, unknown>>;

/** Fits on the live line: `batch 1: read sales_order, 11,175 rows`. */
function brief(message: string, { batch, rows, inserted }: Fields): string {
  const place = batch === undefined ? '' : `batch ${batch}: `;
  if (typeof rows === 'number') return `${place}${message}, ${counted(rows, 'row')}`;
  if (typeof inserted === 'number') return `${place}${message}, ${grouped(inserted)} inserted`;
  return `${place}${message}`;
}

/** Fields as `name=value`, for people and programs alike. */
function fieldList(fields: Fields): string {
  return Object.entries(fields)
    .map(([name, value]) => ` ${name}=${typeof value === 'string' && /\s/.test(value) ? JSON.stringify(value) : value}`)
    .join('');
}
