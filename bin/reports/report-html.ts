/** The answers as HTML: per report its question, its pictures and its table. The browser draws the pictures from the data beside them. */
import { html, raw } from 'hono/html';
import { alert, empty, type Html, table, time } from '../page/views/elements.ts';
import { counted, grouped } from '../terminal/words.ts';
import type { Answer, Answered, Answers, Head } from './answer-reports.ts';
import { type ChartData, chartsOf, wordsOf } from './chart-data.ts';

/** The page of the reports: as a report file, which it links to. */
export function reportsPage({ head, answers }: Answers, file: string): Html {
  if (head === undefined) return empty('The warehouse holds no batch yet: there is nothing to answer from.');
  const link = html` <a href="${file}" download>Take it along</a> as one file that opens anywhere, without a network.`;
  return html`${stateHtml(head, link)}
  ${reportsHtml(answers)}`;
}

/** The state of the source that the answers are of. */
export function stateHtml({ batch, capturedAt }: Head, more: unknown = ''): Html {
  return html`<p class="state">State of the source as of ${time(capturedAt)}, batch ${grouped(batch)}.${more}</p>`;
}

/** All reports, below a list of their questions. */
export function reportsHtml(answers: readonly Answer[]): Html {
  if (answers.length === 0)
    return empty(html`There are no reports. Each file <code>reports/*.sql</code> of the data set is one.`);
  return html`<nav class="questions" aria-label="Questions">
    <ol>${answers.map(({ report }) => html`<li><a href="#report-${report.name}">${report.question}</a></li>`)}</ol>
  </nav>
  ${answers.map(reportHtml)}`;
}

function reportHtml(answer: Answer): Html {
  const { report } = answer;
  return html`<section class="report" id="report-${report.name}">
    <h2>${report.question}</h2>
    ${report.note === undefined ? '' : html`<p class="note">${report.note}</p>`}
    ${'error' in answer ? alert([`This report could not be answered: ${answer.error}`]) : answerHtml(answer)}
  </section>`;
}

function answerHtml(answer: Answered): Html {
  const { report, rows } = answer;
  if (rows.length === 0) return empty('Nothing in the warehouse answers this yet.');
  if (report.chart === undefined) return tableHtml(answer);
  const charts = chartsOf(answer);
  return html`<div class="panels${charts.length > 1 ? ' several' : ''}">${charts.map(figureHtml)}</div>
    <details id="table-${report.name}">
      <summary>Table, ${counted(rows.length, 'row')}</summary>
      ${tableHtml(answer)}
    </details>`;
}

function figureHtml(chart: ChartData): Html {
  const { kind, x, y, panel, categories } = chart;
  const what = `${y} by ${x}`;
  const label = `${kind} chart of ${panel === undefined ? what : `${what}, ${panel}`}, ${categories.length} of ${x}; the table has the numbers`;
  return html`<figure>
    <figcaption>${panel === undefined ? '' : html`<strong>${panel}</strong> `}${what}</figcaption>
    <div class="chart" role="img" aria-label="${label}" data-chart></div>
    <script type="application/json">${raw(scriptSafe(JSON.stringify(chart)))}</script>
  </figure>`;
}

/** JSON that no parser of HTML takes for the end of its element. */
function scriptSafe(json: string): string {
  return json.replaceAll('<', '\\u003c');
}

function tableHtml({ report, columns, rows }: Answered): Html {
  const headings = columns.map(({ name, numeric }) => (numeric ? `#${wordsOf(name)}` : wordsOf(name)));
  const cells = rows.map(
    (row) =>
      html`<tr>${row.map((value, index) => {
        if (value === null) return html`<td class="none">–</td>`;
        return columns[index]?.numeric ? html`<td class="number">${grouped(value)}</td>` : html`<td>${value}</td>`;
      })}</tr>`,
  );
  return table(report.question, headings, cells);
}
