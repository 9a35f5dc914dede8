/** The script of the local web page. */
import { drawCharts } from './charts.ts';
import { followChanges } from './live.ts';
import { localizeTimes } from './times.ts';

const RELATIVE_TIMES_MILLIS = 1000;

let dispose = drawCharts(document);
localizeTimes(document);
setInterval(() => localizeTimes(document), RELATIVE_TIMES_MILLIS);
followChanges({
  onReplaced: (main) => {
    dispose();
    dispose = drawCharts(main);
    localizeTimes(main);
  },
});
