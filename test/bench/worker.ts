/** The process of one measured piece: what it takes of memory is the piece's own, JavaScript and DuckDB together. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Prepare, Result, Task } from './piece.ts';

const [task]: [Task] = (await once(process, 'message')) as [Task];
const { prepare }: { prepare: Prepare } = await import(`./pieces/${task.piece}.ts`);
const run = await prepare(task.place);

let rows = 0;
for (let warmUp = 0; warmUp < task.warmUps; warmUp++) rows = await run();
const milliseconds: number[] = [];
for (let count = 0; count < task.runs; count++) {
  const started = performance.now();
  rows = await run();
  milliseconds.push(performance.now() - started);
}

const result: Result = { rows, milliseconds, peakMegabytes: peakMegabytes() };
process.send?.(result, () => process.exit());

/** `maxRSS` begins at what the parent had when it forked, so on Linux the kernel's own mark of this process is read instead. */
function peakMegabytes(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 1024;
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}
