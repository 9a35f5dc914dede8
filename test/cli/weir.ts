/** The real command, run as its users run it: a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PROJECT = join(import.meta.dirname, '..', '..');
const NODE = join(PROJECT, 'node_modules', '.bin', 'node');
/** Halves the start of every process but the first. */
const NODE_COMPILE_CACHE = join(PROJECT, 'node_modules', '.cache', 'weir-tests');
const WEIR = join(PROJECT, 'bin', 'weir.ts');

export interface Outcome {
  /** Null if a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  /** All that was written so far. */
  output(): string;
  /** Waits until the output holds the text, for half a minute at most unless told otherwise. */
  says(text: string, milliseconds?: number): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<Outcome>;
}

export interface CommandOptions {
  /** Added to the environment, which has no variable of Weir. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export function startWeir(args: readonly string[], { env = {}, cwd = PROJECT }: CommandOptions = {}): Running {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('WEIR_'));
  const child = spawn(NODE, [WEIR, ...args], {
    cwd,
    env: { ...Object.fromEntries(inherited), NODE_COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const written = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    written.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    written.stderr += text;
  });
  const ended = once(child, 'close').then(([code]) => ({ code, ...written }));
  const output = () => written.stdout + written.stderr;
  return {
    output,
    ended,
    kill: (signal) => child.kill(signal),
    async says(text, milliseconds = 30_000) {
      for (const deadline = Date.now() + milliseconds; !output().includes(text); await sleep(20)) {
        const isOver = child.exitCode !== null || Date.now() > deadline;
        if (isOver) throw new Error(`weir ${args.join(' ')} does not say ${JSON.stringify(text)} but:\n${output()}`);
      }
    },
  };
}

export function weir(args: readonly string[], options?: CommandOptions): Promise<Outcome> {
  return startWeir(args, options).ended;
}
