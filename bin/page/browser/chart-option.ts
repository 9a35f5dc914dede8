/** How a chart looks, in the terms of ECharts. */
import type { BarSeriesOption, LineSeriesOption } from 'echarts/charts';
import type { GridComponentOption, LegendComponentOption, TooltipComponentOption } from 'echarts/components';
import type { ComposeOption } from 'echarts/core';
import type { ChartData } from '../../reports/chart-data.ts';

export type Option = ComposeOption<
  BarSeriesOption | LineSeriesOption | GridComponentOption | LegendComponentOption | TooltipComponentOption
>;

/** What the page gives: colours, the font, and the width in pixels. */
export interface Look {
  readonly width: number;
  readonly font: string;
  readonly ink: string;
  readonly muted: string;
  readonly line: string;
  readonly raised: string;
  readonly series: readonly string[];
}

const HEIGHT = 280;
const BAR_HEIGHT = 26;
const AROUND_BARS = 40;
const LEGEND_HEIGHT = 32;
const NAME_SHARE = 0.36;

/** Beyond so many points each of them is no longer marked. */
const MARKED_POINTS = 40;

const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const EXACT = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });

/** In pixels: bars that lie one below the other need room for each. */
export function chartHeight({ kind, categories, series }: ChartData): number {
  const legend = series.length > 1 ? LEGEND_HEIGHT : 0;
  if (kind !== 'bar') return HEIGHT + legend;
  return categories.length * Math.max(BAR_HEIGHT, 14 * series.length + 8) + AROUND_BARS + legend;
}

export function chartOption(data: ChartData, look: Look): Option {
  const lies = data.kind === 'bar';
  const names = categoryAxis(data, look);
  const values = valueAxis(look, lies);
  const several = data.series.length > 1;
  return {
    color: [...look.series],
    textStyle: { fontFamily: look.font, fontSize: 12, color: look.ink },
    grid: { left: 0, right: lies ? 44 : 12, top: several ? LEGEND_HEIGHT + 8 : 12, bottom: 4 },
    legend: {
      show: several,
      type: 'plain',
      left: 0,
      top: 0,
      icon: 'roundRect',
      itemWidth: 12,
      itemHeight: 12,
      textStyle: { color: look.ink, fontSize: 12 },
      inactiveColor: look.muted,
    },
    tooltip: {
      trigger: 'axis',
      renderMode: 'richText', // one of HTML would need style attributes
      confine: true,
      axisPointer:
        data.kind === 'line'
          ? { type: 'line', lineStyle: { color: look.muted } }
          : { type: 'shadow', shadowStyle: { color: look.muted, opacity: 0.12 } },
      backgroundColor: look.raised,
      borderColor: look.line,
      textStyle: { fontFamily: look.font, color: look.ink, fontSize: 12 },
      valueFormatter: (value) => (typeof value === 'number' ? EXACT.format(value) : '–'),
    },
    xAxis: lies ? values : names,
    yAxis: lies ? names : values,
    series: data.series.map((series) => ({ name: series.name, data: [...series.values], ...marks(data, look) })),
  };
}

function categoryAxis({ kind, categories }: ChartData, { muted, ink, line, width }: Look) {
  const lies = kind === 'bar';
  return {
    type: 'category' as const,
    data: [...categories],
    inverse: lies, // the first on top
    boundaryGap: kind !== 'line',
    axisLine: { show: !lies, lineStyle: { color: line } },
    axisTick: { show: false },
    axisLabel: lies
      ? { color: ink, width: Math.round(width * NAME_SHARE), overflow: 'truncate' as const, interval: 0 }
      : {
          color: muted,
          hideOverlap: true,
          ...(kind === 'line' && { alignMaxLabel: 'right' as const }),
          ...(kind === 'column' && {
            interval: 0,
            width: Math.max(24, Math.floor((width - 60) / categories.length) - 8),
            overflow: 'break' as const,
          }),
        },
  };
}

function valueAxis({ muted, line, width }: Look, lies: boolean) {
  return {
    type: 'value' as const,
    splitNumber: lies && width < 480 ? 2 : 4,
    axisLabel: { color: muted, formatter: (value: number) => COMPACT.format(value), hideOverlap: true },
    splitLine: { lineStyle: { color: line } },
  };
}

function marks({ kind, categories, series }: ChartData, { ink }: Look): LineSeriesOption | BarSeriesOption {
  if (kind === 'line') {
    const showSymbol = categories.length <= MARKED_POINTS;
    return { type: 'line', showSymbol, symbol: 'circle', symbolSize: 6, lineStyle: { width: 2.5 } };
  }
  const lies = kind === 'bar';
  return {
    type: 'bar',
    barMaxWidth: lies ? 18 : 44,
    itemStyle: { borderRadius: lies ? [0, 3, 3, 0] : [3, 3, 0, 0] },
    ...(lies &&
      series.length === 1 && {
        label: {
          show: true,
          position: 'right' as const,
          color: ink,
          formatter: ({ value }: { value?: unknown }) => (typeof value === 'number' ? COMPACT.format(value) : ''),
        },
      }),
  };
}
