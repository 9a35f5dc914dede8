/** DuckDB as a Lambda layer: its binary for the functions' processor, fetched by npm alone, whatever machine builds it. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, globSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AssetHashType, DockerImage, RemovalPolicy } from 'aws-cdk-lib';
import { Architecture, Code, LayerVersion } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';

const SOURCE = join(import.meta.dirname, '..', 'layers', 'duckdb');
const PACKAGE_FILES = ['package.json', 'package-lock.json'];

/** The module that the layer holds; the functions' bundles leave it out. */
export const DUCKDB_MODULE = '@duckdb/node-api';

/** @throws {Error} at synth if npm fails, or if the binary of `architecture` is not there afterwards */
export function createDuckdbLayer(scope: Construct, architecture: Architecture): LayerVersion {
  return new LayerVersion(scope, 'DuckdbLayer', {
    description: `${DUCKDB_MODULE} for ${architecture.name}`,
    compatibleArchitectures: [architecture],
    removalPolicy: RemovalPolicy.DESTROY,
    code: Code.fromAsset(SOURCE, {
      assetHashType: AssetHashType.CUSTOM, // the lock says all that is in it, so it is built once and then kept in cdk.out
      assetHash: hashOf(architecture),
      bundling: {
        image: DockerImage.fromRegistry('unused'),
        local: {
          tryBundle: (output) => {
            install(join(output, 'nodejs'), architecture);
            return true;
          },
        },
      },
    }),
  });
}

function hashOf(architecture: Architecture): string {
  const hash = createHash('sha256').update(architecture.name);
  for (const file of PACKAGE_FILES) hash.update(readFileSync(join(SOURCE, file)));
  return hash.digest('hex');
}

function install(folder: string, architecture: Architecture): void {
  mkdirSync(folder, { recursive: true });
  for (const file of PACKAGE_FILES) copyFileSync(join(SOURCE, file), join(folder, file));
  const cpu = architecture === Architecture.ARM_64 ? 'arm64' : 'x64';
  const target = ['--os=linux', `--cpu=${cpu}`, '--libc=glibc'];
  const npm = ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', ...target];
  const { status, stderr, error } = spawnSync('npm', npm, {
    cwd: folder,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`layer of DuckDB: npm ${npm.join(' ')} failed: ${error?.message ?? stderr}`);

  const bindings = `node_modules/@duckdb/node-bindings-linux-${cpu}`;
  for (const file of ['duckdb.node', 'libduckdb.so']) {
    if (globSync(`${bindings}/**/${file}`, { cwd: folder }).length === 0)
      throw new Error(`layer of DuckDB: ${bindings} has no ${file}; the lock of layers/duckdb must list linux-${cpu}`);
  }
}
