/** The configuration of a deployment: what it says when something is missing or wrong. */
import { ConfigError, parseConfig, readConfig, readStage } from '../../lib/config.ts';
import { EXAMPLE, exampleConfig } from './synthesis.ts';

const refusal = (content: unknown): string => {
  try {
    parseConfig({ stage: 'prod', file: 'lib/config.prod.json', content });
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'accepted';
};

test('a file that says nothing is told every key it must have, and what to write there', () => {
  expect(refusal({})).toBe(
    [
      'lib/config.prod.json is refused:',
      '  region: write the AWS region to deploy to: "eu-west-2"',
      '  alarmEmail: write the address that alarms are mailed to: "data-team@example.com", or "none" to tell nobody',
      '  datasets: write the data sets: { "totesys": { "source": { "secretArn": "arn:…" } } }',
      '  warehouse: write "new" for a PostgreSQL of its own, or { "secretArn": "arn:…" } of one that you have',
      'lib/config.example.json shows every key',
    ].join('\n'),
  );
});

test.each([
  [
    'alarmEmail',
    'nobody',
    'alarmEmail: write the address that alarms are mailed to: "data-team@example.com", or "none"',
  ],
  ['scheduleMinutes', 0, 'scheduleMinutes: write a whole number of minutes from 1 to 60'],
  ['logDays', 2, 'logDays: write 1, 3, 5, 7, 14, 30, 60, 90, 180 or 365'],
  ['datasets', {}, 'datasets: name at least one data set'],
  ['datasets', { totesys: {} }, 'datasets.totesys.source: write an object with the secretArn of the database'],
  [
    'datasets',
    { totesys: { source: { secretArn: 'x' } } },
    'datasets.totesys.source.secretArn: write the ARN of its secret',
  ],
  ['architecture', 'i386', 'architecture: write "arm64" or "x86_64"'],
  ['email', 'a@example.com', 'email: there is no such key'],
])('%s = %j is refused by name', (key, value, complaint) => {
  expect(refusal({ ...EXAMPLE, [key]: value })).toContain(`\n  ${complaint}`);
});

test('what is not an object is refused', () => {
  expect(refusal([])).toBe('lib/config.prod.json must hold one JSON object, as lib/config.example.json does');
});

test('a missing file is told where it belongs', () => {
  expect(() => readConfig({ stage: 'prod', file: 'lib/config.nowhere.json' })).toThrow(
    'lib/config.nowhere.json is missing: copy lib/config.example.json to it and write in what is yours, or pass -c config=<file>',
  );
});

test('a file that is not JSON is refused by name', () => {
  expect(() => readConfig({ stage: 'prod', file: 'lib/config.ts' })).toThrow(/^lib\/config\.ts is not JSON: /);
});

test('an unknown stage is told the known ones', () => {
  expect(() => readStage(undefined)).toThrow('stage undefined is unknown: pass -c stage=dev or -c stage=prod');
  expect(readStage('prod')).toBe('prod');
});

test('the example needs nothing more, and its file may overrule a choice of the stage', () => {
  expect(readConfig({ stage: 'prod', file: 'lib/config.example.json' })).toMatchObject({
    alarmEmail: 'data-team@example.com',
    scheduleMinutes: 3,
    keepData: true,
    logDays: 90,
  });
  expect(exampleConfig('dev', { scheduleMinutes: 10, alarmEmail: 'none' })).toMatchObject({
    alarmEmail: 'none',
    scheduleMinutes: 10,
    keepData: false,
  });
});
