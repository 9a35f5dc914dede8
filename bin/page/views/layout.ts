/** The frame of every page: name, places to go, what is shown. */
import { html } from 'hono/html';
import type { Html } from './elements.ts';

export interface LayoutOptions {
  readonly dataset: string;
  readonly title: string;
  /** Of the place that is shown, to mark it. */
  readonly path: string;
  /** Of what is shown: the browser asks to be told of a later one. */
  readonly version: string;
  readonly body: unknown;
}

const PLACES = [
  ['/', 'Overview'],
  ['/batches', 'Batches'],
  ['/quarantine', 'Quarantine'],
  ['/schema', 'Schema'],
  ['/reports', 'Reports'],
] as const;

export function layout({ dataset, title, path, version, body }: LayoutOptions): Html {
  const here = PLACES.findLast(([place]) => path === place || path.startsWith(`${place}/`))?.[0];
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · ${dataset} · Weir</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/theme.css">
<link rel="stylesheet" href="/report.css">
<link rel="stylesheet" href="/page.css">
<script type="module" src="/page.js"></script>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="bar">
  <a class="brand" href="/"><img src="/icon.svg" alt="" width="22" height="22"> Weir <span>${dataset}</span></a>
  <nav aria-label="Pages">${PLACES.map(
    ([place, name]) => html`<a href="${place}"${place === here ? html` aria-current="page"` : ''}>${name}</a>`,
  )}</nav>
  <p class="live" data-live role="status">loading</p>
</header>
<main id="main" data-version="${version}">
<h1>${title}</h1>
${body}
</main>
</body>
</html>`;
}
