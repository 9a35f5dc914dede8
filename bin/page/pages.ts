/** What each page shows: reads what it needs, then draws it. */
import { join } from 'node:path';
import type { Dataset } from '../../lambdas/shared/dataset.ts';
import type { Lake } from '../../lambdas/shared/object-store.ts';
import type { Connect } from '../../lambdas/shared/session.ts';
import { readQuarantineGroups, readQuarantineRows } from '../quarantine.ts';
import { readStatus } from '../read-status.ts';
import { answerReports } from '../reports/answer-reports.ts';
import { reportFile } from '../reports/report-file.ts';
import { readReports } from '../reports/report-files.ts';
import { reportsPage } from '../reports/report-html.ts';
import { describe } from '../terminal/failure.ts';
import { grouped } from '../terminal/words.ts';
import type { Activity } from './activity.ts';
import { type BatchRange, openBatchHistory } from './batches.ts';
import { batchPage } from './views/batch.ts';
import { batchesPage, PAGE_SIZE } from './views/batches.ts';
import { overview } from './views/overview.ts';
import { quarantinePage, PAGE_SIZE as ROWS } from './views/quarantine.ts';
import { schemaPage } from './views/schema.ts';

export interface PageOptions {
  readonly dataset: Dataset;
  readonly lake: Lake;
  readonly warehouse: Connect;
  /** What this process does to the pipeline. @default - nothing: it runs elsewhere */
  readonly activity?: (() => Activity) | undefined;
}

export interface View {
  readonly title: string;
  readonly body: unknown;
}

export interface Pages {
  overview(): Promise<View>;
  batches(last: number | undefined): Promise<View>;
  /** Undefined if there is no such batch. */
  batch(number: number): Promise<View | undefined>;
  /** `page` from 1 on. */
  quarantine(page?: number): Promise<View>;
  schema(): Promise<View>;
  /** `file` is the address of the report file. */
  reports(file: string): Promise<View>;
  /** The reports as a file; undefined before the first batch. */
  reportFile(): Promise<string | undefined>;
}

/** Batches on the first page, and those whose schemas are compared: a manifest each, read once. */
const LATEST = 10;
const COMPARED = 1000;

export function createPages(options: PageOptions): Pages {
  const history = openBatchHistory(options);
  const answer = async () =>
    answerReports({ ...options, reports: await readReports(join(options.dataset.folder, 'reports')) });
  return {
    async overview() {
      const [{ status, failures }, { batches }] = await Promise.all([
        readStatus(options),
        history.read({ count: LATEST }),
      ]);
      const activity = options.activity?.();
      return { title: 'Overview', body: overview({ status, failures: failures.map(describe), batches, activity }) };
    },

    async batches(last) {
      const range = await history.read({ count: PAGE_SIZE, last });
      return { title: 'Batches', body: batchesPage(range, failuresOf(range)) };
    },

    async batch(number) {
      const range = await history.read({ count: 1, last: number });
      const batch = range.batches.find((batch) => batch.number === number);
      if (batch === undefined) return undefined;
      const body = batchPage({ batch, newest: range.newest, failures: failuresOf(range) });
      return { title: `Batch ${grouped(number)}`, body };
    },

    async quarantine(page = 1) {
      const session = await options.warehouse();
      try {
        await session.query('begin isolation level repeatable read read only');
        const groups = await readQuarantineGroups(session, options.dataset);
        const place = { limit: ROWS, offset: (page - 1) * ROWS };
        const rows = await readQuarantineRows(session, options.dataset, place);
        return { title: 'Quarantine', body: quarantinePage({ groups, ...rows, page }) };
      } finally {
        await session.end();
      }
    },

    async reports(file) {
      return { title: 'Reports', body: reportsPage(await answer(), file) };
    },

    async reportFile() {
      const { head, answers } = await answer();
      return head && reportFile({ dataset: options.dataset.name, head, answers, generatedAt: new Date() });
    },

    async schema() {
      return { title: 'Schema', body: schemaPage(await history.captures(COMPARED)) };
    },
  };
}

function failuresOf({ failure }: BatchRange): string[] {
  return failure === undefined ? [] : [describe(failure)];
}
