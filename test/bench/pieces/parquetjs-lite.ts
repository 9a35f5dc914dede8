/** What people usually write in place of transform: JSON lines parsed, remodelled and appended row by row. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import parquet from 'parquetjs-lite';
import type { Place, Run } from '../piece.ts';

/** There is no decimal in parquetjs-lite: money becomes a floating point number. */
const SCHEMA = {
  sales_order_id: { type: 'INT32' },
  created_date: { type: 'DATE' },
  created_time: { type: 'UTF8' },
  last_updated_date: { type: 'DATE' },
  last_updated_time: { type: 'UTF8' },
  sales_staff_id: { type: 'INT32' },
  counterparty_id: { type: 'INT32' },
  units_sold: { type: 'INT32' },
  unit_price: { type: 'DOUBLE' },
  currency_id: { type: 'INT32' },
  design_id: { type: 'INT32' },
  agreed_payment_date: { type: 'DATE' },
  agreed_delivery_date: { type: 'DATE' },
  agreed_delivery_location_id: { type: 'INT32' },
};

export async function prepare({ files, sample }: Place): Promise<Run> {
  return async () => {
    const lines = createInterface({ input: createReadStream(join(files, 'sales_order.jsonl')) });
    const writer = await parquet.ParquetWriter.openFile(
      new parquet.ParquetSchema(SCHEMA),
      join(files, 'fact_sales_order.parquet'),
    );
    let rows = 0;
    for await (const line of lines) {
      if (rows === sample) break;
      await writer.appendRow(remodel(JSON.parse(line)));
      rows++;
    }
    await writer.close();
    return rows;
  };
}

interface SalesOrder {
  readonly sales_order_id: number;
  readonly created_at: string;
  readonly last_updated: string;
  readonly design_id: number;
  readonly staff_id: number;
  readonly counterparty_id: number;
  readonly units_sold: number;
  readonly unit_price: string;
  readonly currency_id: number;
  readonly agreed_delivery_date: string;
  readonly agreed_payment_date: string;
  readonly agreed_delivery_location_id: number;
}

function remodel({ created_at, last_updated, staff_id, ...order }: SalesOrder): Record<string, unknown> {
  return {
    ...order,
    created_date: new Date(created_at.slice(0, 10)),
    created_time: created_at.slice(11, 23),
    last_updated_date: new Date(last_updated.slice(0, 10)),
    last_updated_time: last_updated.slice(11, 23),
    sales_staff_id: staff_id,
    unit_price: Number(order.unit_price),
    agreed_payment_date: new Date(order.agreed_payment_date),
    agreed_delivery_date: new Date(order.agreed_delivery_date),
  };
}
