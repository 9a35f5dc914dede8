/** What the chart of a report becomes in QuickSight, and the types of its columns. */
import 'aws-cdk-lib/testhelpers/jest-autoclean';
import { jest } from '@jest/globals';
import { App } from 'aws-cdk-lib';
import { quickSightType, type ReportColumn, readReportColumns } from '../../lib/quicksight-columns.ts';
import type { Report } from '../../lib/quicksight-report.ts';
import { reportVisual } from '../../lib/quicksight-visuals.ts';
import { createStacks } from '../../lib/stacks.ts';
import { exampleConfig } from './synthesis.ts';

const answer: readonly ReportColumn[] = [
  { name: 'month', type: 'DATETIME' },
  { name: 'weekday', type: 'INTEGER' },
  { name: 'currency', type: 'STRING' },
  { name: 'kind', type: 'STRING' },
  { name: 'revenue', type: 'DECIMAL' },
];
const report: Report = { name: 'revenue', question: 'What came in?', sql: 'select …' };
const field = (column: string) => ({
  fieldId: `revenue.${column}`,
  column: { dataSetIdentifier: 'revenue', columnName: column },
});
const place = { sortBy: { dataSetIdentifier: 'revenue', columnName: 'place' }, direction: 'ASC' };
const first = { numericalAggregationFunction: { simpleNumericalAggregation: 'MIN' } };

test('a line chart has its series as colours and its panels as small pictures with scales of their own', () => {
  const chart = { kind: 'line', x: 'month', y: 'revenue', series: 'kind', panels: 'currency' } as const;
  expect(reportVisual({ ...report, note: 'Not converted.', chart }, answer)).toEqual({
    lineChartVisual: {
      visualId: 'revenue',
      title: { formatText: { plainText: 'What came in?' } },
      subtitle: { formatText: { plainText: 'Not converted.' } },
      visualContentAltText: 'What came in?',
      chartConfiguration: {
        type: 'LINE',
        fieldWells: {
          lineChartAggregatedFieldWells: {
            category: [{ dateDimensionField: { ...field('month'), dateGranularity: 'DAY' } }],
            values: [
              {
                numericalMeasureField: {
                  ...field('revenue'),
                  aggregationFunction: { simpleNumericalAggregation: 'SUM' },
                },
              },
            ],
            colors: [{ categoricalDimensionField: field('kind') }],
            smallMultiples: [{ categoricalDimensionField: field('currency') }],
          },
        },
        sortConfiguration: { categorySort: [{ columnSort: { ...place, aggregationFunction: first } }] },
        smallMultiplesOptions: { yAxis: { scale: 'INDEPENDENT', placement: 'INSIDE' } },
      },
    },
  });
});

test.each([
  ['bar', 'HORIZONTAL'],
  ['column', 'VERTICAL'],
] as const)('%s is a bar chart that lies %s, in the order of the report', (kind, orientation) => {
  const { barChartVisual } = reportVisual({ ...report, chart: { kind, x: 'weekday', y: 'revenue' } }, answer);
  expect(barChartVisual).toMatchObject({
    subtitle: { visibility: 'HIDDEN' },
    chartConfiguration: {
      orientation,
      barsArrangement: 'CLUSTERED',
      fieldWells: {
        barChartAggregatedFieldWells: {
          category: [{ numericalDimensionField: field('weekday') }],
          colors: [],
          smallMultiples: [],
        },
      },
      sortConfiguration: { categorySort: [{ columnSort: { ...place, aggregationFunction: first } }] },
    },
  });
});

test('a report without a chart is a table of its whole answer, in its order', () => {
  expect(reportVisual(report, answer).tableVisual).toMatchObject({
    chartConfiguration: {
      fieldWells: { tableUnaggregatedFieldWells: { values: answer.map(({ name }) => field(name)) } },
      sortConfiguration: { rowSort: [{ columnSort: place }] },
    },
  });
});

test('CloudFormation knows every word of every kind of visual', () => {
  const chart = { x: 'month', y: 'revenue', series: 'kind', panels: 'currency' } as const;
  const kinds: Report[] = [
    { ...report, note: 'Not converted.' },
    ...(['line', 'bar', 'column'] as const).map((kind) => ({ ...report, name: kind, chart: { kind, ...chart } })),
  ];
  const drawn = { reports: kinds, columns: new Map(kinds.map(({ name }) => [name, answer])) };
  const quicksight = {
    principalArn: 'arn:aws:quicksight:eu-west-2:111122223333:group/default/analysts',
    secretArns: { totesys: 'arn:aws:secretsmanager:eu-west-2:111122223333:secret:analyst-AbCdEf' },
  };
  const app = new App({
    context: { 'aws:cdk:bundling-stacks': [], '@aws-cdk/core:validateAgainstDefaultRules': true },
  });
  createStacks(app, 'dev', exampleConfig('dev', { quicksight }), new Map([['totesys', drawn]]));
  const complaints = jest.spyOn(console, 'error').mockImplementation(() => {}); // a wrong word is a warning only
  app.synth();
  expect(complaints.mock.calls).toEqual([]);
  complaints.mockRestore();
});

test('a chart of a column that the answer does not have is refused by name', () => {
  expect(() => reportVisual({ ...report, chart: { kind: 'line', x: 'month', y: 'profit' } }, answer)).toThrow(
    'the chart of report revenue names profit, which is not a column of its answer',
  );
});

test('types are spelled as QuickSight does, and what it does not take is refused by name', () => {
  const types = ['text', 'character varying(3)', 'bigint', 'numeric(10,2)', 'double precision', 'date'];
  expect(types.map((type) => quickSightType('a.b', type))).toEqual([
    'STRING',
    'STRING',
    'INTEGER',
    'DECIMAL',
    'DECIMAL',
    'DATETIME',
  ]);
  expect(() => quickSightType('delays.delay', 'interval')).toThrow(
    'delays.delay is interval, which QuickSight does not take; cast it in the report to text or a number',
  );
});

test('a data set whose columns nobody has written down is told how', () => {
  expect(() => readReportColumns('nowhere')).toThrow(
    /nowhere.report-columns\.json is missing: run node bin\/report-columns\.ts nowhere$/,
  );
});
