/** The ends of one stream, each a promise: when one breaks, all break, and only one of them knows why. */

import { RetryableError, TerminalError } from './errors.ts';

/** Waits for all ends of a stream and throws what went wrong first, in our words, not that the other ends were closed because of it. */
export async function allOrCause<Results extends readonly unknown[]>(
  ends: {
    readonly [End in keyof Results]: Promise<Results[End]>;
  },
): Promise<Results> {
  const settled = await Promise.allSettled(ends);
  const errors = settled.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
  if (errors.length > 0) throw causeOf(errors);
  return Promise.all(ends) as Promise<Results>;
}

/**
 * The error of one end closes the others, each of which tells it as its own: a full disk would look like a lost server. So
 * the one that counts is explained (one of ours) and is no explanation of what another end says plainly.
 */
function causeOf(errors: readonly unknown[]): unknown {
  const first = errors.filter((error) => !isClosedByOthers(error));
  const explained = first.filter((error) => error instanceof TerminalError || error instanceof RetryableError);
  return explained.find((error) => !errors.includes(error.cause)) ?? explained[0] ?? first[0] ?? errors[0];
}

function isClosedByOthers(error: unknown): boolean {
  const { code, cause } = error as { code?: string; cause?: unknown };
  return code === 'ERR_STREAM_PREMATURE_CLOSE' || (cause !== undefined && isClosedByOthers(cause));
}
