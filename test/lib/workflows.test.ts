/** The workflows of GitHub: no action that can change under us, no right that a job does not need, no key that lasts. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const ROOT = join(import.meta.dirname, '..', '..');
const workflows = globSync('.github/workflows/*.yml', { cwd: ROOT }).sort();
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

test('there are two: one that tests and one that deploys', () => {
  expect(workflows).toEqual(['.github/workflows/ci.yml', '.github/workflows/deploy.yml']);
});

test.each(workflows)('%s pins every action to a commit, with its version beside it', (file) => {
  const uses = read(file).match(/uses:.*/g) ?? [];
  expect(uses.length).toBeGreaterThan(0);
  for (const line of uses) expect(line).toMatch(/^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
});

test.each(workflows)('%s grants nothing to all jobs, and to each what it needs', (file) => {
  const { permissions, jobs } = parse(read(file));
  expect(permissions).toEqual({});
  for (const job of Object.values<{ permissions?: object }>(jobs))
    expect(job.permissions).toMatchObject({ contents: 'read' });
});

test.each(workflows)('%s keeps no key: credentials come by OpenID Connect', (file) => {
  expect(read(file)).not.toMatch(/aws-(access-key-id|secret-access-key)|secrets\./);
});
