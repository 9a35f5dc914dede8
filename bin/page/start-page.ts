/** Starts and stops the local web page. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { messageOf, UsageError } from '../../lambdas/shared/errors.ts';
import { createApp } from './app.ts';
import type { PageOptions } from './pages.ts';

export interface StartPageOptions extends PageOptions {
  /** @default - 4747, or a free one if that is taken */
  readonly port?: number | undefined;
}

export interface LocalPage {
  /** `http://127.0.0.1:4747/` */
  readonly url: string;
  /** Ends all connections. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const USUAL_PORT = 4747;

/** @throws {UsageError} if the port that was asked for is taken */
export async function startPage({ port, ...options }: StartPageOptions): Promise<LocalPage> {
  let address: AddressInfo | undefined;
  const hosts = () => [HOST, 'localhost'].map((name) => `${name}:${address?.port}`);
  const server = createAdaptorServer({ fetch: createApp({ ...options, hosts }).fetch }) as Server;
  address = await listen(server, port);
  return {
    url: `http://${HOST}:${address.port}/`,
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function listen(server: Server, port: number | undefined): Promise<AddressInfo> {
  try {
    server.listen(port ?? USUAL_PORT, HOST);
    await once(server, 'listening');
  } catch (error) {
    if (port !== undefined)
      throw new UsageError(`port ${port}: ${messageOf(error)}; give another --port`, { cause: error });
    server.listen(0, HOST);
    await once(server, 'listening');
  }
  return server.address() as AddressInfo;
}
