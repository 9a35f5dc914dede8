/** The visual of a report: its chart, or a table of the whole answer. */
import type { aws_quicksight as quicksight } from 'aws-cdk-lib';
import type { ReportColumn } from './quicksight-columns.ts';
import { PLACE, type Report, type ReportChart } from './quicksight-report.ts';

type Visual = quicksight.CfnDashboard.VisualProperty;
type Dimension = quicksight.CfnDashboard.DimensionFieldProperty;

/** @throws {Error} if the chart names a column that the answer does not have */
export function reportVisual(report: Report, columns: readonly ReportColumn[]): Visual {
  const common = {
    visualId: report.name,
    title: { formatText: { plainText: report.question } },
    subtitle: report.note === undefined ? { visibility: 'HIDDEN' } : { formatText: { plainText: report.note } },
    visualContentAltText: report.question,
  };
  const { chart } = report;
  if (chart === undefined) return { tableVisual: { ...common, chartConfiguration: tableOf(report, columns) } };

  const fieldWells = wellsOf(report, chart, columns);
  // of what stands in several rows, the first decides
  const first = { numericalAggregationFunction: { simpleNumericalAggregation: 'MIN' } };
  const sort = [{ columnSort: { ...byPlace(report), aggregationFunction: first } }];
  const shared = {
    smallMultiplesOptions: { yAxis: { scale: 'INDEPENDENT', placement: 'INSIDE' } }, // two currencies have no common scale
  };
  if (chart.kind === 'line') {
    return {
      lineChartVisual: {
        ...common,
        chartConfiguration: {
          ...shared,
          type: 'LINE',
          fieldWells: { lineChartAggregatedFieldWells: fieldWells },
          sortConfiguration: { categorySort: sort },
        },
      },
    };
  }
  return {
    barChartVisual: {
      ...common,
      chartConfiguration: {
        ...shared,
        orientation: chart.kind === 'bar' ? 'HORIZONTAL' : 'VERTICAL',
        barsArrangement: 'CLUSTERED',
        fieldWells: { barChartAggregatedFieldWells: fieldWells },
        sortConfiguration: { categorySort: sort },
      },
    },
  };
}

function wellsOf(report: Report, { x, y, series, panels }: ReportChart, columns: readonly ReportColumn[]) {
  const dimensions = (names: readonly (string | undefined)[]): Dimension[] =>
    names.flatMap((name) => (name === undefined ? [] : [dimension(report, columnOf(report, name, columns))]));
  return {
    category: dimensions([x]),
    // there is one row for each mark of the chart, so its sum is the value itself
    values: [
      {
        numericalMeasureField: {
          ...field(report, columnOf(report, y, columns).name),
          aggregationFunction: { simpleNumericalAggregation: 'SUM' },
        },
      },
    ],
    colors: dimensions([series]),
    smallMultiples: dimensions([panels]),
  };
}

function columnOf({ name }: Report, wanted: string, columns: readonly ReportColumn[]): ReportColumn {
  const column = columns.find((candidate) => candidate.name === wanted);
  if (column !== undefined) return column;
  throw new Error(`the chart of report ${name} names ${wanted}, which is not a column of its answer`);
}

function dimension(report: Report, { name, type }: ReportColumn): Dimension {
  if (type === 'STRING') return { categoricalDimensionField: field(report, name) };
  if (type === 'DATETIME') return { dateDimensionField: { ...field(report, name), dateGranularity: 'DAY' } };
  return { numericalDimensionField: field(report, name) };
}

function tableOf(report: Report, columns: readonly ReportColumn[]) {
  return {
    fieldWells: { tableUnaggregatedFieldWells: { values: columns.map(({ name }) => field(report, name)) } },
    sortConfiguration: { rowSort: [{ columnSort: byPlace(report) }] },
  };
}

function field({ name }: Report, column: string) {
  return { fieldId: `${name}.${column}`, column: { dataSetIdentifier: name, columnName: column } };
}

/** In the order of the report's own `order by`. */
function byPlace({ name }: Report) {
  return { sortBy: { dataSetIdentifier: name, columnName: PLACE }, direction: 'ASC' };
}
