/** The code that runs in the browser, as one script: bundled when it is first asked for, so that there is no build to forget. */
import { join } from 'node:path';
import { build } from 'esbuild';

/** `page` keeps the local web page up to date; `report` draws the charts of a report file. Both are files of `browser/`. */
export type BrowserEntry = 'page' | 'report';

const bundles = new Map<BrowserEntry, Promise<string>>();

/** The text of a script; the same text as long as this process runs. */
export function bundle(entry: BrowserEntry): Promise<string> {
  const known = bundles.get(entry) ?? bundleAnew(entry);
  bundles.set(entry, known);
  return known;
}

async function bundleAnew(entry: BrowserEntry): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'browser', `${entry}.ts`)],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    legalComments: 'inline',
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}
