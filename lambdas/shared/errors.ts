/** What can go wrong, in two kinds: what a retry may cure, and what somebody has to mend first. */

/** Bad input, bad configuration or a broken promise: the same call fails again until somebody mends the cause that the message names. */
export class TerminalError extends Error {
  override readonly name: string = 'TerminalError';
}

/** Broken infrastructure (network, server, disk): nothing was committed, and the next run tries the same work again. */
export class RetryableError extends Error {
  override readonly name: string = 'RetryableError';
}

/** The command or its configuration is wrong; nothing was started. The command line exits with 2. */
export class UsageError extends TerminalError {
  override readonly name: string = 'UsageError';
}

/** The message of anything that was thrown; an `AggregateError` (a host with several addresses) gives its first cause. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return messageOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}

/** The same error, told where it happened: `stage dataset batch n: …`. Left as it is if its message says so already. */
export function atPlace(place: string, error: unknown): unknown {
  if (error instanceof Error && !/^(ingest|transform|load) /.test(error.message)) {
    error.message = `${place}: ${error.message}`;
  }
  return error;
}
