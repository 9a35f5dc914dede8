import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { type LocalPage, startPage } from '../../bin/page/start-page.ts';
import { createTotesys, type Totesys } from '../support/totesys.ts';
import { CHROMIUM, launchChromium } from './chromium.ts';
import { testInBrowser } from './test-in-browser.ts';

const DESKTOP = { viewport: { width: 1280, height: 900 } };
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const VIEWS = ['Overview', 'Batches', 'Quarantine', 'Schema', 'Reports'];

let totesys: Totesys;
let page: LocalPage;
let browser: Browser;

beforeAll(async () => {
  if (CHROMIUM === undefined) return;
  totesys = await createTotesys();
  page = await startPage(totesys);
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  await page?.close();
  await totesys?.remove();
});

/** A tab that remembers what its console complained of. */
async function open(options: BrowserContextOptions = DESKTOP): Promise<{ tab: Page; complaints: string[] }> {
  const tab = await (await browser.newContext(options)).newPage();
  const complaints: string[] = [];
  tab.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  tab.on('pageerror', (error) => complaints.push(error.message));
  await tab.goto(page.url);
  await tab.getByRole('status').getByText('live').waitFor();
  return { tab, complaints };
}

/** What breaks the rules of accessibility: of WCAG 2.2, levels A and AA. */
async function barriers(tab: Page): Promise<string[]> {
  await tab.evaluate(axe.source);
  const { violations } = await tab.evaluate(() =>
    (globalThis as unknown as { axe: typeof axe }).axe.run({
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
    }),
  );
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

describe.each([
  ['a desktop', DESKTOP],
  ['a phone', PHONE],
])('on %s', (_, device) => {
  testInBrowser.each(['light', 'dark'] as const)(
    'every view opens by its link, fits the width and has no barriers, in %s',
    async (colorScheme) => {
      const { tab, complaints } = await open({ ...device, colorScheme });
      for (const view of VIEWS) {
        await tab.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: view }).click();
        await tab.getByRole('heading', { level: 1, name: view }).waitFor();
        const spilled = await tab.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        expect({ view, spilled }).toEqual({ view, spilled: 0 });
        expect({ view, barriers: await barriers(tab) }).toEqual({ view, barriers: [] });
      }
      expect(complaints).toEqual([]);
    },
  );
});

testInBrowser('a batch is opened from the list, unfolded, and left for its neighbour', async () => {
  const { tab, complaints } = await open();
  await tab.getByRole('region', { name: 'Batches' }).getByRole('link', { name: '3' }).click();
  await tab.getByRole('heading', { level: 1, name: 'Batch 3' }).waitFor();
  await tab.locator('#columns-design summary').click();
  await tab.locator('#columns-design').getByText('collection').waitFor();
  await tab.getByText('Ingestion manifest').last().click();
  await tab.locator('#ingestion pre').getByText('"number": 3').waitFor();
  await tab.getByRole('link', { name: 'Batch 2' }).click();
  await tab.getByRole('heading', { level: 1, name: 'Batch 2' }).waitFor();
  expect(complaints).toEqual([]);
});

testInBrowser('quarantine shows the row with its reason, schema the column with its batch', async () => {
  const { tab } = await open();
  await tab.getByRole('link', { name: '1 row in quarantine' }).click();
  await tab.getByText('dim_currency 99').click();
  await tab.getByRole('row', { name: 'currency_code ZZZ' }).waitFor();
  await tab.getByRole('link', { name: 'Schema' }).click();
  expect(await tab.getByRole('region', { name: 'Changes of the schema' }).locator('tbody tr').allInnerTexts()).toEqual([
    expect.stringMatching(/^3\s.*design\.collection\s+new, character varying$/),
  ]);
});

testInBrowser('the reports are drawn, with their tables behind them, and can be taken along as one file', async () => {
  const { tab, complaints } = await open();
  await tab.getByRole('link', { name: 'Reports' }).click();
  await tab.locator('#report-revenue-by-month canvas').first().waitFor();
  expect(await tab.locator('section.report').count()).toBe(12);
  expect(await tab.locator('section.report:not(:has(canvas))').count()).toBe(0);
  await tab.locator('#table-revenue-by-month summary').click();
  await tab.locator('#table-revenue-by-month').getByRole('row', { name: '2022-11 EUR' }).waitFor();
  const [download] = await Promise.all([tab.waitForEvent('download'), tab.getByText('Take it along').click()]);
  expect(download.suggestedFilename()).toBe('totesys-report.html');
  const folder = mkdtempSync(join(tmpdir(), 'weir-report-'));
  const path = join(folder, 'report.html');
  await download.saveAs(path);
  const alone = await (await browser.newContext({ ...PHONE, offline: true })).newPage();
  await alone.goto(pathToFileURL(path).href);
  await alone.locator('#report-revenue-by-month canvas').first().waitFor();
  rmSync(folder, { recursive: true });
  expect(complaints).toEqual([]);
});

testInBrowser('a new batch appears by itself, and what the reader unfolded stays unfolded', async () => {
  const { tab, complaints } = await open();
  await tab.goto(new URL('/schema', page.url).href);
  await tab.locator('#columns-staff summary').click();
  const list = await tab.context().newPage();
  await list.goto(new URL('/batches', page.url).href);
  await list.getByRole('status').getByText('live').waitFor();
  const lightsUp = list.locator('tr[data-key="4"].fresh').waitFor(); // once, so it is awaited from here on
  await totesys.simulator.nextDay();
  await totesys.run();
  await lightsUp;
  await list.close();
  await tab.getByText('In batches 1 to 4.').waitFor();
  expect(await tab.locator('#columns-staff').getAttribute('open')).toBe('');
  expect(complaints).toEqual([]);
});

testInBrowser('times are those of the reader’s clock, with UTC in the tooltip', async () => {
  const { tab } = await open({ ...DESKTOP, timezoneId: 'Asia/Tokyo', locale: 'en-GB' });
  await tab.goto(new URL('/batches/1', page.url).href);
  const time = tab.locator('dl time').first();
  const instant = new Date((await time.getAttribute('datetime')) ?? '');
  const tokyo = new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Tokyo', dateStyle: 'medium', timeStyle: 'medium' });
  expect(await time.innerText()).toBe(tokyo.format(instant));
  expect(await time.getAttribute('title')).toBe(`${instant.toISOString().slice(0, 19).replace('T', ' ')} UTC`);
});

testInBrowser('a page that loses its server says so, and shows what it has missed when it is back', async () => {
  const other = await startPage(totesys);
  const { port } = new URL(other.url);
  const tab = await (await browser.newContext(DESKTOP)).newPage();
  await tab.goto(other.url);
  await tab.getByRole('status').getByText('live').waitFor();
  await other.close();
  await tab.getByRole('status').getByText('not connected, trying again').waitFor();
  const seen = await tab.locator('[data-key]').first().getAttribute('data-key');
  await totesys.simulator.nextDay();
  await totesys.run();
  const again = await startPage({ ...totesys, port: Number(port) });
  await tab.locator(`[data-key="${Number(seen) + 1}"]`).waitFor();
  await again.close();
});
