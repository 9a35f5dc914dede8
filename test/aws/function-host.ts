/** Plays the runtime of Lambda in a process of its own: imports the package in LAMBDA_TASK_ROOT and calls its handler with every event that it is sent. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export type HostMessage =
  | { readonly type: 'ready'; readonly milliseconds: number }
  | { readonly type: 'done'; readonly milliseconds: number; readonly peakMegabytes: number; readonly error?: string };

const say = (message: HostMessage) => process.send?.(message);

const started = performance.now();
const { handler } = await import(pathToFileURL(join(process.env.LAMBDA_TASK_ROOT ?? '', 'index.mjs')).href);
say({ type: 'ready', milliseconds: performance.now() - started });

process.on('message', async (event) => {
  const begun = performance.now();
  const error = await handler(event, {}).then(
    () => undefined,
    (thrown: unknown) => String(thrown),
  );
  say({
    type: 'done',
    milliseconds: performance.now() - begun,
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
    ...(error === undefined ? {} : { error }),
  });
});
