/** The source of the benchmark: totesys at its real size, with as many sales orders more as are asked for. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSimulator } from '../../bin/local/simulator/simulator.ts';
import { SQL_FOLDER } from '../../bin/pipeline.ts';
import { connect } from '../../lambdas/shared/postgres.ts';

/** Two years of business by the simulator, then sales orders made by the server itself until there are `orders`. */
export async function fillSource(url: string, orders: number): Promise<void> {
  const session = await connect({ url, role: 'source' });
  try {
    await session.query(await readFile(join(SQL_FOLDER, 'totesys', 'source', 'schema.sql'), 'utf8'));
    await (await createSimulator({ session, seed: 1 })).loadHistory();
    await session.query('set session_replication_role = replica'); // no foreign key is checked: the keys are drawn from those that are there
    await session.execute(MORE_ORDERS, [orders]);
    await session.query('vacuum (freeze, analyze)');
    await session.query('checkpoint');
  } finally {
    await session.end();
  }
}

/** Spread evenly over two years; what is drawn follows from the number of the order alone, so that every run has the same rows. */
const MORE_ORDERS = `
  insert into sales_order
  select
    n,
    created_at,
    created_at + case n % 10 when 0 then interval '2 days' else interval '0' end,
    ${between(1, '(select max(design_id) from design)', 1)},
    ${between(1, '(select max(staff_id) from staff)', 2)},
    ${between(1, '(select max(counterparty_id) from counterparty)', 3)},
    ${between(1001, 99_973, 4)},
    cast(${between(200, 400, 5)} / 100.0 as numeric(10, 2)),
    ${between(1, '(select max(currency_id) from currency)', 6)},
    to_char(created_at + interval '1 day' * ${between(0, 7, 7)}, 'yyyy-mm-dd'),
    to_char(created_at + interval '1 day' * ${between(0, 6, 8)}, 'yyyy-mm-dd'),
    ${between(1, '(select max(address_id) from address)', 9)}
  from (
    select n, date_trunc('milliseconds', timestamp '2022-11-03 14:20:52.186' + n / $1::float8 * interval '740 days') as created_at
    from generate_series((select max(sales_order_id) + 1 from sales_order), $1::bigint) as n
  ) as numbered`;

function between(least: number, most: number | string, draw: number): string {
  return `(${least} + (hashint8extended(n, ${draw}) & 2147483647) % (${most} - ${least - 1}))`;
}
