/** `make screenshots`: the pictures of the README, from a demo that is running: `node test/page/screenshots.ts http://127.0.0.1:4747/`. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startWeir } from '../cli/weir.ts';
import { launchChromium } from './chromium.ts';

const FOLDER = join(import.meta.dirname, '..', '..', '.github', 'screenshots');
const DESKTOP = { viewport: { width: 1280, height: 860 }, deviceScaleFactor: 1.5 };
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 };

const PICTURES = [
  { name: 'overview', path: '/', device: DESKTOP, colorScheme: 'light' },
  { name: 'overview-dark', path: '/', device: DESKTOP, colorScheme: 'dark' },
  { name: 'overview-phone', path: '/', device: PHONE, colorScheme: 'light' },
  { name: 'batch', path: '/batches/2', device: DESKTOP, colorScheme: 'light' },
  { name: 'reports', path: '/reports', device: DESKTOP, colorScheme: 'light' },
  { name: 'reports-phone', path: '/reports', device: PHONE, colorScheme: 'dark' },
] as const;

mkdirSync(FOLDER, { recursive: true });
const demo = startWeir(['demo', '--serve']);
try {
  await demo.says('load       batch 9:', 120_000);
  const [url = ''] = /http:\/\/127\.0\.0\.1:\d+\//.exec(demo.output()) ?? [];
  const browser = await launchChromium();
  for (const { name, path, device, colorScheme } of PICTURES) {
    const tab = await (await browser.newContext({ ...device, colorScheme })).newPage();
    await tab.goto(new URL(path, url).href);
    await tab.getByRole('status').getByText('live').waitFor();
    await tab.waitForTimeout(500); // charts are drawn after the first frame
    await tab.screenshot({ path: join(FOLDER, `${name}.png`) });
    process.stdout.write(`.github/screenshots/${name}.png\n`);
  }
  await browser.close();
} finally {
  demo.kill('SIGINT');
  await demo.ended;
}
