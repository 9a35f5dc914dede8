/** What the command says when it fails, and the exit code it fails with. */
import { CommanderError } from 'commander';
import { messageOf, UsageError } from '../../lambdas/shared/errors.ts';

const FAILED = 1;
const MISUSED = 2;

/** Writes one line for each thing that went wrong to stderr. @returns the exit code: 1 failed, 2 misused */
export function reportFailure(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : MISUSED; // commander has said it already
  const causes = error instanceof AggregateError ? error.errors : [error];
  for (const line of new Set(causes.map(describe))) process.stderr.write(`weir: ${line}\n`);
  return causes.some((cause) => cause instanceof UsageError) ? MISUSED : FAILED;
}

/** What went wrong, without passwords; with its stack if `WEIR_DEBUG` is 1. */
export function describe(error: unknown): string {
  const stack = process.env.WEIR_DEBUG === '1' && error instanceof Error ? `\n${stackOf(error)}` : '';
  return withoutPasswords(`${messageOf(error)}${stack}`);
}

function stackOf(error: Error): string {
  const { stack = '', cause } = error;
  return cause instanceof Error ? `${stack}\ncaused by ${stackOf(cause)}` : stack;
}

/** Hides what stands in any URL between the user's name and the host, or as a parameter that is a password; not in our own advice. */
export function withoutPasswords(text: string): string {
  return text
    .replace(/\b(?!postgres:\/\/user:password@host)(\w+:\/\/[^\s:@/]*):\S*@/g, '$1:***@')
    .replace(/([?&]\w*password=)[^&\s'"]*/gi, '$1***');
}
