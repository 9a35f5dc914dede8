/** The answers as one HTML file that needs nothing else: no network, no server, no other file. */
import { createHash, randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { html, raw } from 'hono/html';
import { bundle } from '../page/bundle.ts';
import { time } from '../page/views/elements.ts';
import type { Answer, Head } from './answer-reports.ts';
import { reportsHtml, stateHtml } from './report-html.ts';

export interface ReportFileOptions {
  readonly dataset: string;
  readonly head: Head;
  readonly answers: readonly Answer[];
  readonly generatedAt: Date;
}

const STYLE_SHEETS = ['theme.css', 'page.css', 'report.css'];

/** The text of the file. */
export async function reportFile({ dataset, head, answers, generatedAt }: ReportFileOptions): Promise<string> {
  const sheets = STYLE_SHEETS.map((file) => readFile(join(import.meta.dirname, '..', 'page', file), 'utf8'));
  const style = (await Promise.all(sheets)).join('\n');
  const script = insideElement(await bundle('report'));
  const policy =
    `default-src 'none'; script-src '${hashOf(script)}'; style-src '${hashOf(style)}'; ` +
    `base-uri 'none'; form-action 'none'`;
  const text = await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${raw(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Reports · ${dataset}</title>
<style>${raw(style)}</style>
</head>
<body>
<main>
<h1>${dataset}: reports</h1>
${stateHtml(head, html` Generated at ${time(generatedAt.toISOString())}.`)}
${reportsHtml(answers)}
</main>
<script type="module">${raw(script)}</script>
</body>
</html>
`;
  return text.toString();
}

/** A script that holds nothing that HTML takes for the end of its element, or for the beginning of a comment. */
function insideElement(script: string): string {
  return script.replace(/<(?=\/script|!--)/gi, '\\x3C');
}

/** https://www.w3.org/TR/CSP3/#grammardef-hash-source */
function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

/** Puts the whole file in place at once: who reads meanwhile sees the one before. */
export async function writeInOneStep(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, text, { flag: 'wx' });
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}
