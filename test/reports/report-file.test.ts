import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { answerReports } from '../../bin/reports/answer-reports.ts';
import { reportFile, writeInOneStep } from '../../bin/reports/report-file.ts';
import { CHROMIUM, launchChromium } from '../page/chromium.ts';
import { testInBrowser } from '../page/test-in-browser.ts';
import { BROKEN, BY_MONTH, BY_PRODUCT, createShop, fillShop, HOSTILE, NOTHING, type Shop, TABLE } from './shop.ts';

let shop: Shop;
let folder: string;
let file: string;
let browser: Browser;

beforeAll(async () => {
  shop = await createShop();
  await fillShop(shop);
  const { head, answers } = await answerReports({
    ...shop.place,
    reports: [BY_PRODUCT, BROKEN, BY_MONTH, NOTHING, TABLE],
  });
  if (head === undefined) throw new Error('the shop has no batch');
  const generatedAt = new Date('2026-11-21T08:00:00Z');
  file = await reportFile({ dataset: 'shop & <co>', head, answers, generatedAt });
  folder = mkdtempSync(join(tmpdir(), 'weir report '));
  await writeInOneStep(join(folder, 'shop.html'), file);
  if (CHROMIUM !== undefined) browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  await shop.remove();
  rmSync(folder, { recursive: true });
});

/** The contents of all elements of a kind, as a parser of HTML sees them. */
function contents(element: string): string[] {
  return [...file.matchAll(new RegExp(`<${element}[^>]*>(.*?)</${element}>`, 'gs'))].map(([, text = '']) => text);
}

test('names of elements and of comments in the data stay text, in the page and in its JSON', () => {
  expect(file).toContain('<h2>Which products sell best, &lt;by units&gt;?</h2>');
  expect(file).toContain('<title>Reports · shop &amp; &lt;co&gt;</title>');
  expect(file).toContain('&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;\u2028&lt;!--</td>');
  expect(file).not.toContain('<script>alert');
  const [chart] = contents('script');
  expect(JSON.parse(chart ?? '')).toEqual({
    kind: 'bar',
    x: 'product',
    y: 'units sold',
    categories: ['Bag', HOSTILE, 'Cup', '(none)'],
    series: [{ name: 'units sold', values: [2100, 2000, 3, 1] }],
  });
});

test('currencies never share a picture', () => {
  const charts = contents('script')
    .slice(1, -1)
    .map((json) => JSON.parse(json));
  const common = { kind: 'line', x: 'month', y: 'revenue', categories: ['2026-10', '2026-11'] };
  expect(charts).toEqual([
    { ...common, panel: 'EUR', series: [{ name: 'revenue', values: [0.5, -7] }] },
    { ...common, panel: 'GBP', series: [{ name: 'revenue', values: [1234567.89, 100] }] },
  ]);
});

test('tables have exact numbers in groups, and nothing where there is nothing', () => {
  expect(file).toContain('<td class="number">1,234,567.89</td>');
  expect(file).toContain('<td class="number">-7.00</td>');
  expect(file).toContain('<td class="none">–</td>');
  expect(file).toContain('Nothing in the warehouse answers this yet.');
});

test('a report that failed says so in its place', () => {
  expect(file).toMatch(
    /<section class="report" id="report-broken">\s*<h2>What is not there\?<\/h2>\s*<div class="alert" role="alert"><p>This report could not be answered: .*relation &quot;nowhere&quot; does not exist/,
  );
});

test('the file says which state it shows', () => {
  expect(file).toMatch(/State of the source as of <time datetime="2026-11-21T07:03:00.123Z"/);
  expect(file).toMatch(/batch 41\. Generated at <time datetime="2026-11-21T08:00:00.000Z"/);
});

test('nothing is loaded from elsewhere, and only its own script and style may run', () => {
  const tags = file.replace(/(<script[^>]*>).*?<\/script>/gs, '$1').match(/<[a-z][^>]*>/g) ?? [];
  expect(tags.length).toBeGreaterThan(50);
  expect(tags.filter((tag) => /\s((src|srcset|style|on\w+)=|href="[^#])/.test(tag))).toEqual([]);
  expect(tags.filter((tag) => /^<(link|iframe|img|base|object|embed)/.test(tag))).toEqual([]);
  const [style = ''] = contents('style');
  expect(style).not.toMatch(/@import|url\(/);
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const [, policy] = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(file) ?? [];
  expect(policy).toBe(
    `default-src 'none'; script-src ${hash(contents('script').at(-1) ?? '')}; style-src ${hash(style)}; base-uri 'none'; form-action 'none'`,
  );
});

test('a file is replaced as a whole, and nothing else stays beside it', async () => {
  const path = join(folder, 'again.html');
  writeFileSync(path, 'old');
  await writeInOneStep(path, 'new');
  await expect(writeInOneStep(join(folder, 'none', 'x.html'), 'new')).rejects.toThrow('ENOENT');
  await expect(writeInOneStep(folder, 'new')).rejects.toThrow(); // a folder is not replaced
  expect(readdirSync(folder).sort()).toEqual(['again.html', 'shop.html']);
  expect(
    readdirSync(join(folder, '..')).filter((name) => name.startsWith('weir report ') && name.endsWith('.tmp')),
  ).toEqual([]);
});

/** The file as it is opened from a disk, without any network. */
async function open(options: BrowserContextOptions): Promise<{ tab: Page; complaints: string[] }> {
  const context = await browser.newContext({ ...options, offline: true });
  const tab = await context.newPage();
  const complaints: string[] = [];
  tab.on('console', (message) => complaints.push(message.text()));
  tab.on('pageerror', (error) => complaints.push(error.message));
  tab.on('request', (request) => {
    if (!request.url().startsWith('file:')) complaints.push(request.url());
  });
  await tab.goto(pathToFileURL(join(folder, 'shop.html')).href);
  await tab.locator('[data-chart] canvas').nth(2).waitFor();
  return { tab, complaints };
}

/** What is drawn on each canvas: the number of colours tells an empty one. */
const COLOURS = `[...document.querySelectorAll('[data-chart] canvas')].map((canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size > 10;
})`;

describe.each([
  ['a desktop', { viewport: { width: 1280, height: 900 } }],
  ['a phone', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }],
])('on %s, from disk and offline', (_, device) => {
  testInBrowser.each(['light', 'dark'] as const)(
    'every chart is drawn, fits and has no barriers, in %s',
    async (colorScheme) => {
      const { tab, complaints } = await open({ ...device, colorScheme, reducedMotion: 'reduce' });
      expect(await tab.evaluate(COLOURS)).toEqual([true, true, true]);
      expect(await tab.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
      await tab.locator('summary').first().click();
      await tab.evaluate(axe.source);
      const { violations } = await tab.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([]);
      expect(complaints).toEqual([]);
    },
  );
});

testInBrowser('charts follow the theme and the width; pictures stand side by side where there is room', async () => {
  const { tab, complaints } = await open({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce' });
  const boxes = () =>
    tab
      .locator('#report-by-month figure')
      .evaluateAll((all) => all.map((one) => (one as unknown as { offsetTop: number }).offsetTop));
  const [left, right] = await boxes();
  expect(left).toBe(right);
  const picture = () =>
    tab
      .locator('canvas')
      .first()
      .evaluate((canvas) => (canvas as unknown as { toDataURL(): string }).toDataURL());
  const light = await picture();
  await tab.emulateMedia({ colorScheme: 'dark' });
  await until(async () => (await picture()) !== light);
  await tab.setViewportSize({ width: 390, height: 844 });
  await until(() => tab.evaluate<boolean>('document.querySelector("canvas").clientWidth < 390'));
  const [above, below] = await boxes();
  expect(above).toBeLessThan(below ?? 0);
  expect(complaints).toEqual([]);
});

/** The policy of the file forbids what Playwright waits with. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(20);
}
