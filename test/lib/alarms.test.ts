/** Alarms and dashboard: every alarm has its place in the runbook, and only metrics that the functions send are looked at. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { METRIC_NAMESPACE, METRICS } from '../../lambdas/shared/contract.ts';
import { propertiesOf, type Resource, resourcesOf, synthesise } from './synthesis.ts';

const runbook = readFileSync(join(import.meta.dirname, '..', '..', 'lib', 'RUNBOOK.md'), 'utf8');
const { pipeline } = synthesise('prod');
const alarms = resourcesOf(pipeline, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties);
const headingOf = ({ AlarmName }: Resource['Properties']): string =>
  AlarmName.replace(/^weir-prod (totesys|warehouse): /, '');

test('the runbook has one heading for every alarm, spelled like it, and no other', () => {
  const headings = [...runbook.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
  expect(headings).toEqual(alarms.map(headingOf));
  expect(headings).toHaveLength(13);
});

test('every alarm says what broke, links to its heading, and is told when it begins and when it is over', () => {
  for (const alarm of alarms) {
    const anchor = headingOf(alarm).toLowerCase().replaceAll(' ', '-');
    expect(alarm.AlarmDescription).toMatch(new RegExp(`^[A-Z].{30,}\\. What to do: lib/RUNBOOK\\.md#${anchor}$`));
    expect(alarm.AlarmActions).toEqual([{ Ref: expect.stringMatching('^AlarmTopic') }]);
    expect(alarm.OKActions).toEqual(alarm.AlarmActions);
  }
});

test('the address of the runbook can be configured', () => {
  const runbookUrl = 'https://github.com/example/weir/blob/main/lib/RUNBOOK.md';
  const [first] = resourcesOf(synthesise('dev', { runbookUrl }).pipeline, 'AWS::CloudWatch::Alarm');
  expect(first?.[1].Properties.AlarmDescription).toBe(
    `A run of ingest ended with an error; its batch was not committed. What to do: ${runbookUrl}#ingest-failed`,
  );
});

test.each([
  'Ingest failed',
  'Transform failed',
  'Load failed',
  'Line stopped before transform',
  'Line stopped before load',
  'Warehouse is stale',
  'Heartbeat missing',
  'Rows in quarantine',
  'Mass delete refused',
  'Throttled',
  'Dead letters',
  'Warehouse storage low',
  'Warehouse CPU high',
])('%s: what it means, a first look, the state of the data, and what to do', (heading) => {
  const section = runbook.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const parts = [...section.matchAll(/^\*\*(.+?)\*\*/gm)].map(([, part]) => part);
  expect(parts).toEqual(['Means.', 'First look', 'State of the data.', 'Do.']);
  expect(section).toMatch(/^ {4}\S/m); // a query to copy
});

const watched = (heading: string) => {
  const alarm = alarms.find((properties) => headingOf(properties) === heading);
  if (alarm === undefined) throw new Error(`no alarm ${heading}`);
  const { MetricName, Statistic, Period, Threshold, ComparisonOperator, TreatMissingData } = alarm;
  return [MetricName, Statistic, Period, ComparisonOperator, Threshold, TreatMissingData];
};

test('the alarms go off where the promise ends', () => {
  expect(watched('Load failed')).toEqual(['Errors', 'Sum', 300, 'GreaterThanThreshold', 0, 'notBreaching']);
  expect(watched('Line stopped before load')).toEqual([
    'Waiting',
    'Maximum',
    1200,
    'GreaterThanThreshold',
    900,
    'breaching',
  ]);
  expect(watched('Warehouse is stale')).toEqual([
    'Freshness',
    'Maximum',
    300,
    'GreaterThanThreshold',
    1800,
    'notBreaching',
  ]);
  expect(watched('Heartbeat missing')).toEqual(['Completed', 'Sum', 900, 'LessThanThreshold', 1, 'breaching']);
  expect(watched('Rows in quarantine')).toEqual(['Quarantined', 'Maximum', 300, 'GreaterThanThreshold', 0, 'ignore']);
  expect(watched('Mass delete refused')).toEqual([
    'RefusedDeletes',
    'Sum',
    300,
    'GreaterThanThreshold',
    0,
    'notBreaching',
  ]);
  expect(watched('Warehouse storage low')).toEqual([
    'FreeStorageSpace',
    'Minimum',
    300,
    'LessThanThreshold',
    2e9,
    'notBreaching',
  ]);
});

test('a slow schedule has a slow heartbeat', () => {
  const slow = resourcesOf(synthesise('prod', { scheduleMinutes: 60 }).pipeline, 'AWS::CloudWatch::Alarm');
  const heartbeat = slow.find(([id]) => id.includes('Heartbeat'));
  expect(heartbeat?.[1].Properties.Period).toBe(3 * 60 * 60);
});

test('a warehouse that is not ours has no alarms of ours', () => {
  const warehouse = { secretArn: 'arn:aws:secretsmanager:eu-west-2:111122223333:secret:mine-AbCdEf' };
  const names = resourcesOf(synthesise('prod', { warehouse }).pipeline, 'AWS::CloudWatch::Alarm');
  expect(names.filter(([id]) => id.startsWith('Warehouse'))).toEqual([]);
});

test('the dashboard shows every metric that the functions send but the two that have an alarm of their own', () => {
  const { DashboardName, DashboardBody } = propertiesOf(pipeline, 'AWS::CloudWatch::Dashboard');
  const body: string = DashboardBody['Fn::Join'][1]
    .map((part: unknown) => (typeof part === 'string' ? part : 'x'))
    .join('');
  const shown = [...body.matchAll(new RegExp(`\\["${METRIC_NAMESPACE}","(\\w+)"`, 'g'))].map(([, metric]) => metric);
  expect(DashboardName).toBe('weir-prod-totesys');
  expect([...new Set(shown)].sort()).toEqual(
    [METRICS.batches, METRICS.freshness, METRICS.quarantined, METRICS.rows, METRICS.waiting].sort(),
  );
  expect(body).toContain('"Duration"');
  expect(body).toContain('"IncomingBytes"');
});
