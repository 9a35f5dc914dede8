/** The web application: its routes, and what keeps other sites and other machines out. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Context, Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { streamSSE } from 'hono/streaming';
import { sha256Of } from '../../lambdas/shared/manifest-log.ts';
import { readHeads } from '../heads.ts';
import { describe } from '../terminal/failure.ts';
import { bundle } from './bundle.ts';
import { createPages, type PageOptions, type View } from './pages.ts';
import { alert, empty } from './views/elements.ts';
import { layout } from './views/layout.ts';

export interface AppOptions extends PageOptions {
  /** The values of the Host header that are answered: a page of another site that resolves its name to this machine is not. */
  readonly hosts: () => readonly string[];
}

/** How often the pages look whether there is something new, while somebody reads them. */
const LOOK_MILLIS = 2000;

const REPORT_FILE = '/reports/file';

const CSS = 'text/css; charset=utf-8';
const FILES = {
  '/theme.css': CSS,
  '/report.css': CSS,
  '/page.css': CSS,
  '/icon.svg': 'image/svg+xml',
} as const;

/** What is known of a request: the version of what its page is about to show, or an older one. */
interface Env {
  readonly Variables: { readonly version: string };
}

export function createApp(options: AppOptions): Hono<Env> {
  const { dataset, hosts } = options;
  const pages = createPages(options);
  const app = new Hono<Env>();
  const show = (context: Context<Env>, view: View, status: 200 | 404 | 500 = 200) => {
    const version = context.get('version') ?? '';
    return context.html(layout({ dataset: dataset.name, path: context.req.path, version, ...view }), status);
  };

  app.use(async (context, next) => {
    if (!hosts().includes(context.req.header('host') ?? ''))
      return context.text('this page answers to its own address only', 403);
    if (context.req.method !== 'GET' && context.req.method !== 'HEAD')
      return context.text('this page is for reading only', 405, { Allow: 'GET, HEAD' });
    await next();
    context.header('Cache-Control', 'no-store');
    return undefined;
  });
  app.use(
    secureHeaders({
      strictTransportSecurity: false, // plain HTTP, on the loopback interface alone
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    }),
  );

  for (const [path, type] of Object.entries(FILES))
    app.get(path, async (context) =>
      context.body(await readFile(join(import.meta.dirname, path)), 200, { 'Content-Type': type }),
    );
  app.get('/page.js', async (context) =>
    context.body(await bundle('page'), 200, { 'Content-Type': 'text/javascript; charset=utf-8' }),
  );
  app.get('/events', (context) =>
    streamSSE(context, async (stream) => {
      let known = context.req.query('since');
      for (; !stream.aborted; await sleep(LOOK_MILLIS, undefined, { ref: false })) {
        await stream.writeSSE({ event: 'activity', data: JSON.stringify(options.activity?.() ?? {}) });
        const version = await readVersion(options);
        if (known !== version) await stream.writeSSE({ event: 'change', data: '' });
        known = version;
      }
    }),
  );

  app.use(async (context, next) => {
    context.set('version', await readVersion(options)); // before the page reads anything: what comes meanwhile is told
    await next();
  });
  app.get('/', async (context) => show(context, await pages.overview()));
  app.get('/batches', async (context) => show(context, await pages.batches(wholeNumber(context.req.query('last')))));
  app.get('/batches/:number{[1-9][0-9]*}', async (context) => {
    const view = await pages.batch(Number(context.req.param('number')));
    return view === undefined ? context.notFound() : show(context, view);
  });
  app.get('/quarantine', async (context) =>
    show(context, await pages.quarantine(wholeNumber(context.req.query('page')))),
  );
  app.get('/schema', async (context) => show(context, await pages.schema()));
  app.get('/reports', async (context) => show(context, await pages.reports(REPORT_FILE)));
  app.get(REPORT_FILE, async (context) => {
    const file = await pages.reportFile();
    if (file === undefined) return context.notFound();
    return context.body(file, 200, {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Disposition': `attachment; filename="${encodeURIComponent(dataset.name)}-report.html"`,
    });
  });

  app.notFound((context) =>
    show(context, { title: 'Not found', body: empty('There is no such page, or no such batch yet.') }, 404),
  );
  app.onError((error, context) =>
    show(context, { title: 'This page cannot be shown', body: alert([describe(error)]) }, 500),
  );
  return app;
}

/** A text that is another one whenever the pages have something else to show. */
async function readVersion(options: AppOptions): Promise<string> {
  return sha256Of(JSON.stringify([await readHeads(options), options.activity?.().failures]));
}

/** Undefined for anything that is none. */
function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;
}
