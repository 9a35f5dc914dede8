/** The ends of one stream, each a promise: when one breaks, all break, and only one of them knows why. */

/** Waits for all ends of a stream and throws what went wrong first, not that the other ends were closed because of it. */
export async function allOrCause<Results extends readonly unknown[]>(
  ends: {
    readonly [End in keyof Results]: Promise<Results[End]>;
  },
): Promise<Results> {
  const settled = await Promise.allSettled(ends);
  const errors = settled.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
  if (errors.length > 0) throw errors.find((error) => !isClosedByOthers(error)) ?? errors[0];
  return Promise.all(ends) as Promise<Results>;
}

function isClosedByOthers(error: unknown): boolean {
  const { code, cause } = error as { code?: string; cause?: unknown };
  return code === 'ERR_STREAM_PREMATURE_CLOSE' || (cause !== undefined && isClosedByOthers(cause));
}
