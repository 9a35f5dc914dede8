/** Tests that need a real browser. */
import { CHROMIUM } from './chromium.ts';

/** `test`, or one that is skipped and says why. */
export const testInBrowser: typeof test = CHROMIUM === undefined ? skipAll() : test;

function skipAll(): typeof test {
  process.stderr.write(
    'no Chromium on this machine: the tests of the web page in a browser are skipped; install one, or set WEIR_CHROMIUM to its path\n',
  );
  return test.skip as unknown as typeof test;
}
