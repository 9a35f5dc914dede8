/** The real totesys of 14 November 2024, all 11 tables, through the whole pipeline. */
import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGunzip, gunzipSync } from 'node:zlib';
import { createPipeline, type Pipeline, readDataset, SQL_FOLDER } from '../../bin/pipeline.ts';
import { openLake } from '../../lambdas/shared/lake.ts';
import type { Log } from '../../lambdas/shared/log.ts';
import { connect } from '../../lambdas/shared/postgres.ts';
import type { Session } from '../../lambdas/shared/session.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const DATA = join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'totesys-2024-11-14');
const present = existsSync(DATA);
const describeWithData = present ? describe : describe.skip;

const TABLES = [
  'address',
  'counterparty',
  'currency',
  'department',
  'design',
  'payment_type',
  'staff',
  'sales_order',
  'purchase_order',
  'transaction',
  'payment',
];

test(present ? 'the real data is there' : 'SKIPPED: the real data of 14 November 2024 is not there', () => {
  expect(present).toBe(existsSync(DATA));
});

describeWithData('the real totesys', () => {
  let databases: TestDatabase[];
  let source: Session;
  let warehouse: Session;
  let folder: string;
  let pipeline: Pipeline;
  const warnings: string[] = [];
  const log: Log = { info: () => undefined, warn: (message) => warnings.push(message) };

  beforeAll(async () => {
    databases = [await createTestDatabase('totesys'), await createTestDatabase('warehouse')];
    const [sourceUrl = '', warehouseUrl = ''] = databases.map(({ url }) => url);
    source = await connect({ url: sourceUrl, role: 'source' });
    await source.query(readFileSync(join(SQL_FOLDER, 'totesys', 'source', 'schema.sql'), 'utf8'));
    for (const table of TABLES) await copyIn(source, table);
    folder = mkdtempSync(join(tmpdir(), 'weir-real-'));
    pipeline = createPipeline({
      dataset: await readDataset(join(SQL_FOLDER, 'totesys')),
      source: () => connect({ url: sourceUrl, role: 'source' }),
      warehouse: () => connect({ url: warehouseUrl, role: 'warehouse' }),
      lake: openLake(folder),
      log,
    });
    await pipeline.ingest();
    await pipeline.transform();
    await pipeline.load();
    warehouse = await connect({ url: warehouseUrl, role: 'warehouse' });
    await warehouse.query('set search_path to totesys');
  });

  afterAll(async () => {
    await source?.end();
    await warehouse?.end();
    for (const database of databases ?? []) await database.drop();
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  test.each([
    ['dim_date', 18_263],
    ['dim_currency', 3],
    ['dim_payment_type', 4],
    ['dim_location', 30],
    ['dim_design', 472],
    ['dim_staff', 20],
    ['dim_counterparty', 20],
    ['dim_transaction', 15_815],
    ['fact_sales_order', 11_175],
    ['fact_purchase_order', 4_640],
    ['fact_payment', 15_815],
  ])('%s has %i rows', async (table, rows) => {
    expect(await warehouse.query(`select count(*) as rows from ${table}`)).toEqual([{ rows: String(rows) }]);
  });

  test('sums of money are exact, per currency', async () => {
    const sums = await warehouse.query(
      `select c.currency_code, s.sales, p.purchases, m.payments
       from dim_currency c
       join (select currency_id, sum(units_sold * unit_price) as sales from current_sales_order group by 1) s using (currency_id)
       join (select currency_id, sum(item_quantity * item_unit_price) as purchases from current_purchase_order group by 1) p using (currency_id)
       join (select currency_id, sum(payment_amount) as payments from current_payment group by 1) m using (currency_id)
       order by 1`,
    );
    expect(sums).toEqual([
      { currency_code: 'EUR', sales: '566222323.68', purchases: '413855118.93', payments: '980077442.61' },
      { currency_code: 'GBP', sales: '543416576.76', purchases: '352275640.45', payments: '895692217.21' },
      { currency_code: 'USD', sales: '575103777.43', purchases: '410793365.21', payments: '985897142.64' },
    ]);
  });

  test('nothing is in quarantine and nothing was worth a warning: the odd rows of totesys are odd, not wrong', async () => {
    expect(await warehouse.query('select * from weir_quarantine')).toEqual([]);
    expect(warnings).toEqual([]);
  });

  test('every sales order is the row that the source has, to the millisecond', async () => {
    const columns =
      'sales_order_id, units_sold, unit_price, design_id, counterparty_id, currency_id, agreed_delivery_location_id';
    const mine = await warehouse.query(
      `select ${columns}, sales_staff_id as staff_id, agreed_payment_date::text as payment, agreed_delivery_date::text as delivery,
         (created_date + created_time)::text as created, (last_updated_date + last_updated_time)::text as updated
       from current_sales_order order by 1`,
    );
    const theirs = await source.query(
      `select ${columns}, staff_id, agreed_payment_date as payment, agreed_delivery_date as delivery,
         created_at::text as created, last_updated::text as updated
       from sales_order order by 1`,
    );
    expect(mine).toEqual(theirs);
  });

  test('staff know their department, currencies have the names of ISO 4217, weeks begin on Monday', async () => {
    expect(await warehouse.query('select * from dim_staff where staff_id = 2')).toEqual([
      {
        staff_id: '2',
        first_name: 'Deron',
        last_name: 'Beier',
        department_name: 'Facilities',
        location: 'Manchester',
        email_address: 'deron.beier@terrifictotes.com',
        batch: '1',
        deleted: 'f',
      },
    ]);
    expect(await warehouse.query('select currency_code, currency_name from dim_currency order by 1')).toEqual([
      { currency_code: 'EUR', currency_name: 'Euro' },
      { currency_code: 'GBP', currency_name: 'Pound Sterling' },
      { currency_code: 'USD', currency_name: 'US Dollar' },
    ]);
    expect(await warehouse.query(`select day_of_week, day_name from dim_date where date_id = '2024-11-11'`)).toEqual([
      { day_of_week: '1', day_name: 'Monday' },
    ]);
  });

  test('a silent edit, a typo mended in a joined table, an order moved beyond the calendar and a delete arrive in one batch', async () => {
    await source.query(`update design set file_location = '/moved' where design_id = 3`);
    await source.query(`update department set location = 'Leeds' where department_name = 'Dispatch'`);
    await source.query(`update sales_order set agreed_delivery_date = '2061-01-01' where sales_order_id = 5`);
    await source.query(`update sales_order set agreed_delivery_date = 'soon' where sales_order_id = 6`);
    await source.query('delete from payment where payment_id = 7');
    await pipeline.ingest();
    await pipeline.transform();
    const [batch] = await pipeline.load();

    expect(batch).toMatchObject({
      number: 2,
      models: { dim_design: { changed: 1 }, dim_staff: { changed: 1 }, fact_payment: { deleted: 1 } },
    });
    expect(await warehouse.query('select source_key, stage, reason from weir_quarantine order by source_key')).toEqual([
      {
        source_key: '["5"]',
        stage: 'load',
        reason: 'agreed_delivery_date (date_id) = (2061-01-01) is not in dim_date',
      },
      { source_key: '["6"]', stage: 'transform', reason: expect.stringContaining('invalid date field format: "soon"') },
    ]);
    expect(
      await warehouse.query('select deleted, batch from fact_payment where payment_id = 7 order by payment_record_id'),
    ).toEqual([
      { deleted: 'f', batch: '1' },
      { deleted: 't', batch: '2' },
    ]);
    expect(await warehouse.query('select 1 from current_payment where payment_id = 7')).toEqual([]);
  });

  test('both orders leave quarantine with their next version', async () => {
    await source.query(`update sales_order set agreed_delivery_date = '2024-12-01' where sales_order_id in (5, 6)`);
    await pipeline.ingest();
    await pipeline.transform();
    await pipeline.load();
    expect(await warehouse.query('select * from weir_quarantine')).toEqual([]);
    expect(
      await warehouse.query(
        `select sales_order_id, count(*) as versions from fact_sales_order where sales_order_id in (5, 6) group by 1 order by 1`,
      ),
    ).toEqual([
      { sales_order_id: '5', versions: '2' },
      { sales_order_id: '6', versions: '2' },
    ]);
  });
});

async function copyIn(session: Session, table: string): Promise<void> {
  const file = join(DATA, `${table}.csv.gz`);
  const [header] = gunzipSync(readFileSync(file)).toString('utf8').split('\n', 1);
  await session.copyIn(
    `copy "${table}" (${header}) from stdin (format csv, header true)`,
    createReadStream(file).pipe(createGunzip()),
  );
}
