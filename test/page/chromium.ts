/** A real browser for the tests of the page: whichever Chromium is on this machine. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** `WEIR_CHROMIUM` is the path of one elsewhere. */
const PLACES = [
  process.env.WEIR_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Undefined if there is none. */
export const CHROMIUM = PLACES.find((path) => path !== undefined && existsSync(path));

/** Without what Chromium would ask of the network by itself; without its sandbox, which root and containers cannot have, for our own pages alone. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM ?? '', args: ARGUMENTS });
}
