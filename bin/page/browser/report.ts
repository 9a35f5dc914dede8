/** The script of a report file. */
import { drawCharts } from './charts.ts';
import { localizeTimes } from './times.ts';

drawCharts(document);
localizeTimes(document);
