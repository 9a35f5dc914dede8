/** The columns of a data set's reports as QuickSight spells their types, from sql/<dataset>/report-columns.json. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** Columns by report, each with its PostgreSQL type. `bin/report-columns.ts` writes the file, a test holds it to the reports. */
const columnsFile = z.record(z.string(), z.record(z.string(), z.string()));

export type QuickSightType = 'STRING' | 'INTEGER' | 'DECIMAL' | 'DATETIME';

export interface ReportColumn {
  readonly name: string;
  readonly type: QuickSightType;
}

/** The columns of every report, by the report's name. */
export type ReportColumns = ReadonlyMap<string, readonly ReportColumn[]>;

/** https://docs.aws.amazon.com/quicksight/latest/user/supported-data-types-and-values.html */
const TYPES: Readonly<Record<string, QuickSightType>> = {
  text: 'STRING',
  'character varying': 'STRING',
  character: 'STRING',
  smallint: 'INTEGER',
  integer: 'INTEGER',
  bigint: 'INTEGER',
  numeric: 'DECIMAL',
  real: 'DECIMAL',
  'double precision': 'DECIMAL',
  date: 'DATETIME',
  'timestamp without time zone': 'DATETIME',
};

/** @throws {Error} naming the file or the column, and what to do */
export function readReportColumns(dataset: string): ReportColumns {
  const file = join('sql', dataset, 'report-columns.json');
  const path = join(import.meta.dirname, '..', file);
  if (!existsSync(path)) throw new Error(`${file} is missing: run node bin/report-columns.ts ${dataset}`);
  const reports = columnsFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  return new Map(
    Object.entries(reports).map(([report, columns]) => [
      report,
      Object.entries(columns).map(([name, type]) => ({ name, type: quickSightType(`${report}.${name}`, type) })),
    ]),
  );
}

/** @throws {Error} naming the column, and what to do */
export function quickSightType(column: string, type: string): QuickSightType {
  const known = TYPES[type.replace(/\(.*\)$/, '')];
  if (known !== undefined) return known;
  throw new Error(`${column} is ${type}, which QuickSight does not take; cast it in the report to text or a number`);
}
