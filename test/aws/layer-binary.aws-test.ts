/** The layer as it is built for either processor of Lambda, on whatever processor this is. */
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cdk } from './cdk.ts';

/** The field e_machine of an ELF file: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html */
const MACHINES: Readonly<Record<number, string>> = { 62: 'x86-64', 183: 'arm64' };

const assembly = mkdtempSync(join(tmpdir(), 'weir-layers-'));

beforeAll(() => {
  cdk(['synth', '--quiet', '--app', 'node test/aws/layers-app.ts', '--output', assembly]);
});

afterAll(() => rmSync(assembly, { recursive: true }));

test.each(['arm64', 'x86-64'])('the layer for %s holds the binaries of DuckDB for it and for no other', (processor) => {
  const template = JSON.parse(readFileSync(join(assembly, `${processor}.template.json`), 'utf8'));
  const layer = join(assembly, template.Resources.DuckdbLayer9B479049.Metadata['aws:asset:path']);
  const binaries = globSync('nodejs/node_modules/**/*.{node,so}', { cwd: layer }).map((file) => {
    const header = readFileSync(join(layer, file)).subarray(0, 20);
    return {
      file: file.replace(/.*[/\\]/, ''),
      magic: header.toString('latin1', 1, 4),
      machine: MACHINES[header.readUInt16LE(18)],
    };
  });
  expect(new Set(binaries)).toEqual(
    new Set(['duckdb.node', 'libduckdb.so'].map((file) => ({ file, magic: 'ELF', machine: processor }))),
  );
});
