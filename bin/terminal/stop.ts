/** Ctrl-C and SIGTERM: the first asks for an orderly end, the second ends the process at once. */

/** npm passes on a Ctrl-C that the terminal has sent to all of us already: what comes so soon is the same one. */
const SAME_SIGNAL_MILLIS = 500;

/** @returns a signal that is aborted when somebody asks us to stop; `onStop` is called at that moment. */
export function listenForStop(onStop: () => void = () => undefined): AbortSignal {
  const controller = new AbortController();
  let first = Number.NEGATIVE_INFINITY;
  const listener = () => {
    if (controller.signal.aborted && performance.now() - first > SAME_SIGNAL_MILLIS) process.exit(1);
    if (controller.signal.aborted) return;
    first = performance.now();
    onStop();
    controller.abort();
  };
  process.on('SIGINT', listener).on('SIGTERM', listener);
  return controller.signal;
}
