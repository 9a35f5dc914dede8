/** A function's package where Lambda would put it, in a process with the function's environment: what AWS calls an execution environment. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Stage } from '../../lambdas/shared/contract.ts';
import { readFunction } from './cloud-assembly.ts';
import type { HostMessage } from './function-host.ts';

export interface FunctionContainer {
  /** For the import of the bundle and all that it does before its first event. */
  readonly initMilliseconds: number;
  /** @returns how long it took. @throws {Error} what the handler threw */
  invoke(event: object): Promise<number>;
  /** The most memory that the process ever held. */
  peakMegabytes(): number;
  /** The lines that it printed: logs and metrics, one JSON document each. */
  readonly output: readonly string[];
  stop(): Promise<void>;
}

export async function startContainer(
  stage: Stage,
  variables: Readonly<Record<string, string>>,
): Promise<FunctionContainer> {
  const { folder, layer, environment, memoryMegabytes } = readFunction(stage);
  const root = mkdtempSync(join(tmpdir(), 'weir-function-'));
  const task = join(root, 'task');
  cpSync(folder, task, { recursive: true });
  // Lambda searches the layer for imports by NODE_PATH, plain Node.js does not; it does search the folder above
  symlinkSync(join(layer, 'nodejs', 'node_modules'), join(root, 'node_modules'));
  const { AWS_REGION, AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, NODE_EXTRA_CA_CERTS } = process.env;
  const child = fork(join(import.meta.dirname, 'function-host.ts'), {
    cwd: task,
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      PATH: process.env.PATH,
      ...environment,
      ...{ AWS_REGION, AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, NODE_EXTRA_CA_CERTS },
      AWS_LAMBDA_FUNCTION_NAME: `weir-${stage}`,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMegabytes),
      LAMBDA_TASK_ROOT: task,
      _X_AMZN_TRACE_ID: 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0',
      ...variables,
    },
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => output.push(...text.split('\n').filter(Boolean)));
  }
  const answer = () => nextMessage(child, output);
  const { milliseconds: initMilliseconds } = await answer();
  let peak = 0;

  return {
    initMilliseconds,
    output,
    peakMegabytes: () => peak,
    async invoke(event) {
      child.send(event);
      const message = await answer();
      if (message.type !== 'done') throw new Error(`${stage} answered ${message.type} to an event`);
      peak = message.peakMegabytes;
      if (message.error !== undefined) throw new Error(message.error);
      return message.milliseconds;
    },
    async stop() {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      rmSync(root, { recursive: true, force: true });
    },
  };
}

async function nextMessage(child: ChildProcess, output: readonly string[]): Promise<HostMessage> {
  const [message] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error(`the function's process ended:\n${output.join('\n')}`))),
  ]);
  return message;
}
