/** Both stacks of both stages as a whole: the rules of cdk-nag and CloudFormation, and the templates word for word. */
import { Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import { createTestApp, type TestApp } from './synthesis.ts';

function withChecks(stage: 'dev' | 'prod', changes: object = {}): TestApp {
  const test = createTestApp(stage, changes);
  Validations.of(test.app).addPlugins(new AwsSolutionsChecks(test.app));
  return test;
}

const standby = { instance: 't4g.small', gigabytes: 20, maxGigabytes: 50, multiAz: true, backupDays: 7 };
const secondSource = { secretArn: 'arn:aws:secretsmanager:eu-west-2:111122223333:secret:other-AbCdEf' };

test.each([
  ['dev', {}],
  ['prod', {}],
  ['prod', { newWarehouse: standby, runbookUrl: 'https://example.com/RUNBOOK.md', alarmEmail: 'none' }],
] as const)('%s with %j breaks no rule that nobody has answered', (stage, changes) => {
  const { app } = withChecks(stage, changes);
  expect(() => app.synth()).not.toThrow();
});

test('a rule that is broken without an answer stops the synthesis', () => {
  const { app, data } = withChecks('prod');
  new Bucket(data, 'Careless');
  expect(() => app.synth()).toThrow(/weir-prod-data\/Careless.*Acknowledge with 'AwsSolutions::AwsSolutions-S1'/s);
});

/** What changes with every build says nothing about the cloud. */
function scrub(template: Template): string {
  return JSON.stringify(template.toJSON(), undefined, 1).replaceAll(/\b[0-9a-f]{64}\b/g, '<hash>');
}

test('the templates of prod are those that somebody has looked at', () => {
  const { data, pipeline } = createTestApp('prod', {}, { '@aws-cdk/core:validateAgainstDefaultRules': false });
  expect(scrub(Template.fromStack(data))).toMatchSnapshot('weir-prod-data');
  expect(scrub(Template.fromStack(pipeline))).toMatchSnapshot('weir-prod-pipeline');
});

test('another architecture changes the functions and the layer, and nothing else', () => {
  const flags = { '@aws-cdk/core:validateAgainstDefaultRules': false };
  const [arm, intel] = (['arm64', 'x86_64'] as const).map((architecture) =>
    scrub(Template.fromStack(createTestApp('dev', { architecture }, flags).pipeline)),
  );
  expect(intel).toBe(arm?.replaceAll('"arm64"', '"x86_64"').replaceAll('for arm64', 'for x86_64'));
});

test('a second data set is one more line of configuration, and leaves the first as it was', () => {
  const flags = { '@aws-cdk/core:validateAgainstDefaultRules': false };
  const totesys = { source: secondSource };
  const idsOf = (datasets: object) =>
    Object.keys(Template.fromStack(createTestApp('dev', { datasets }, flags).pipeline).toJSON().Resources);
  const ids = idsOf({ totesys });
  expect(ids.filter((id) => id.startsWith('totesys')).length).toBeGreaterThan(40);
  expect(ids.filter((id) => !id.startsWith('totesys')).map((id) => id.slice(0, -8))).toEqual([
    'DuckdbLayer',
    'AlarmTopic',
    'AlarmTopicPolicy',
    'AlarmTopicdatateamexamplecom',
    'WarehouseAlarmsWarehouseStorageLow',
    'WarehouseAlarmsWarehouseCpuHigh',
  ]);
});
