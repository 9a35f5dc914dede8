/** The local web page over a scenario, and requests to it as any program could make them. */
import { get, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { type LocalPage, startPage } from '../../bin/page/start-page.ts';
import { readDataset } from '../../bin/pipeline.ts';
import { openLake } from '../../lambdas/shared/lake.ts';
import { connectTo, type Scenario } from '../support/scenario.ts';

export async function openPage(scenario: Scenario, warehouseUrl = scenario.warehouseUrl): Promise<LocalPage> {
  return startPage({
    dataset: await readDataset(scenario.datasetFolder),
    lake: openLake(scenario.lakeFolder),
    warehouse: connectTo(warehouseUrl, 'warehouse'),
  });
}

export interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface AskOptions {
  readonly host?: string;
  readonly method?: string;
}

export function ask(page: LocalPage, path: string, { host, method = 'GET' }: AskOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = host === undefined ? {} : { host };
    request(new URL(path, page.url), { method, headers }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode, headers: response.headers, body }), reject);
    })
      .on('error', reject)
      .end();
  });
}

/** Listens to the page's events, as one that shows this version. */
export function listen(page: LocalPage, version: string): { readonly received: () => string; close(): void } {
  let received = '';
  const connection = get(new URL(`/events?since=${version}`, page.url), (response) => {
    response.setEncoding('utf8').on('data', (chunk: string) => {
      received += chunk;
    });
    response.on('error', () => undefined); // closed by us
  });
  connection.on('error', () => undefined);
  return { received: () => received, close: () => connection.destroy() };
}
