/** What a run measured and found, kept until its end. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Everything that `make test-aws` keeps from one run to the next. */
export const FOLDER = join(import.meta.dirname, '..', '..', '.weir', 'aws');

const FILE = join(FOLDER, 'report.txt');

export function clearReport(): void {
  mkdirSync(FOLDER, { recursive: true });
  rmSync(FILE, { force: true });
}

export function report(title: string, lines: readonly string[]): void {
  appendFileSync(FILE, `\n${title}\n${lines.map((line) => `  ${line}\n`).join('')}`);
}

export function readReport(): string {
  return existsSync(FILE) ? readFileSync(FILE, 'utf8') : '';
}
