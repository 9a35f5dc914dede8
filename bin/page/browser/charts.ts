/** Draws the charts of reports: each element `[data-chart]` from the data in the script beside it. */
import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import type { ChartData } from '../../reports/chart-data.ts';
import { chartHeight, chartOption, type Look } from './chart-option.ts';

use([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer]);

const DARK = matchMedia('(prefers-color-scheme: dark)');
const STILL = matchMedia('(prefers-reduced-motion: reduce)');

/** Only what the reader sees for the first time moves. */
let isFirst = true;

/** Draws every chart below `root` and keeps it in the size of its place and the colours of the theme. @returns what ends that */
export function drawCharts(root: ParentNode): () => void {
  const elements = root.querySelectorAll<HTMLElement>('[data-chart]');
  const animation = isFirst && !STILL.matches;
  isFirst = isFirst && elements.length === 0;
  const disposals = [...elements].map((element) => drawChart(element, animation));
  return () => {
    for (const dispose of disposals) dispose();
  };
}

function drawChart(element: HTMLElement, animation: boolean): () => void {
  const data = JSON.parse(element.parentElement?.querySelector('script')?.textContent ?? '') as ChartData;
  element.style.height = `${chartHeight(data)}px`;
  const chart = init(element);
  let width = element.clientWidth;
  const draw = (animation: boolean) => chart.setOption({ ...chartOption(data, readLook(width)), animation }, true);
  const redraw = () => draw(false);
  const observer = new ResizeObserver(() => {
    if (element.clientWidth === width) return;
    width = element.clientWidth;
    chart.resize();
    redraw();
  });
  draw(animation);
  observer.observe(element);
  DARK.addEventListener('change', redraw);
  return () => {
    observer.disconnect();
    DARK.removeEventListener('change', redraw);
    chart.dispose();
  };
}

/** The theme as the style sheet has it now. */
function readLook(width: number): Look {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    width,
    font: style.fontFamily,
    ink: colour('ink'),
    muted: colour('muted'),
    line: colour('line'),
    raised: colour('raised'),
    series: [1, 2, 3, 4, 5, 6].map((number) => colour(`series-${number}`)),
  };
}
