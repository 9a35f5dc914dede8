/** What can happen in the business. An event is one transaction in the source. */
import type { Table, TableRow, Value } from './rows.ts';

export type Event = Creation | SilentEdit | PaymentRun;

/** New rows, inserted together: an order with its transaction and payment, or a design. */
export interface Creation {
  readonly kind: 'creation';
  readonly time: number;
  readonly rows: readonly TableRow[];
}

/** A change of one row that leaves its `last_updated` as it was. */
export interface SilentEdit {
  readonly kind: 'silent edit';
  readonly time: number;
  readonly table: Table;
  /** Returns a row for each row it changed. */
  readonly sql: string;
  readonly values: readonly Value[];
}

/** The morning's run marks what is due on that very day as paid. What fell due on a weekend, it never sees. */
export interface PaymentRun {
  readonly kind: 'payment run';
  readonly time: number;
}

/** The highest id given out in each table that grows. */
export type LastIds = Record<'design' | 'sales_order' | 'purchase_order' | 'transaction' | 'payment', number>;
