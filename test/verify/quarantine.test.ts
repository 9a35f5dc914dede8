/** Rows that wait in quarantine are no difference; a row that waits nowhere is one. */
import { createScenario, type Scenario } from '../support/scenario.ts';
import { createShop, unequal, verifyShop } from './shop.ts';

let shop: Scenario;

afterEach(() => shop.close());

describe('rows with a key', () => {
  beforeEach(async () => {
    shop = await createShop();
    await shop.source.query(`
      update orders set amount = 'many' where order_id = 1;
      update orders set note = 'much too long for its column' where order_id = 2;
      update orders set customer_id = 99 where order_id = 3;
      update orders set customer_id = null where order_id = 4`);
    await shop.run();
  });

  test('are quarantined, whichever stage refused them', async () => {
    expect(unequal(await verifyShop(shop))).toEqual({ fact_order: { rows: 12, equal: 8, quarantined: 4 } });
  });

  test('are quarantined also if the warehouse has an older version of them', async () => {
    await shop.source.query(`
      update orders set amount = 'none' where order_id = 5;
      update orders set customer_id = 99 where order_id = 6`);
    expect(unequal(await verifyShop(shop))).toEqual({ fact_order: { rows: 12, equal: 6, quarantined: 4, pending: 2 } });
    await shop.run();
    expect(unequal(await verifyShop(shop))).toEqual({ fact_order: { rows: 12, equal: 6, quarantined: 6 } });
    await shop.warehouse.query(`delete from weir_quarantine where source_key in ('["5"]', '["6"]')`);
    const verification = await verifyShop(shop);
    expect(unequal(verification)).toEqual({ fact_order: { rows: 12, equal: 6, different: 2, quarantined: 4 } });
    expect(verification.tables.flatMap(({ examples }) => examples)).toEqual([
      {
        difference: 'different',
        key: { order_id: '5' },
        reason: expect.stringMatching(/^Conversion Error: Could not convert string "none"/),
        columns: {},
      },
      {
        difference: 'different',
        key: { order_id: '6' },
        reason: null,
        columns: { customer_id: { source: '99', warehouse: '6' } },
      },
    ]);
  });

  test('are missing if they are in no quarantine', async () => {
    await shop.warehouse.query('delete from weir_quarantine');
    const verification = await verifyShop(shop);
    expect(unequal(verification)).toEqual({ fact_order: { rows: 12, equal: 8, missing: 4 } });
    expect(verification.tables.flatMap(({ examples }) => examples)).toEqual([
      {
        difference: 'missing',
        key: { order_id: '1' },
        reason: expect.stringMatching(/^Conversion Error: Could not convert string "many"/),
        columns: {},
      },
      {
        difference: 'missing',
        key: { order_id: '2' },
        reason: 'note: value too long for type character varying(10)',
        columns: {},
      },
      { difference: 'missing', key: { order_id: '3' }, reason: null, columns: {} },
      { difference: 'missing', key: { order_id: '4' }, reason: null, columns: {} },
    ]);
  });

  test('do not excuse a row of the warehouse that the source does not give', async () => {
    await shop.warehouse.query(`
      insert into fact_order values (100, 50, 1, 0, null, 1, false);
      insert into weir_quarantine values ('fact_order', '["50"]', 1, 'load', 'forged', null, '{}')`);
    expect(unequal(await verifyShop(shop))).toEqual({ fact_order: { rows: 12, equal: 8, extra: 1, quarantined: 4 } });
  });
});

describe('rows whose key cannot be told', () => {
  beforeEach(async () => {
    shop = await createScenario({
      models: { dim_code: { key: 'code', sql: 'select cast(substring(label, 2) as int) as code, label from label' } },
      warehouse:
        'create table dim_code (code int primary key, label text, batch bigint not null, deleted boolean not null)',
      source: `
        create table label (label text primary key);
        insert into label values ('a1'), ('a2'), ('ax'), ('ay')`,
    });
    await shop.run();
  });

  test('are counted, and make that extra rows cannot be told', async () => {
    await shop.warehouse.query(`insert into dim_code values (7, 'a7', 1, false)`);
    const { tables } = await verifyShop(shop);
    expect(tables).toEqual([
      {
        table: 'dim_code',
        apply: 'latest',
        rows: 4,
        equal: 2,
        missing: 0,
        extra: 0,
        different: 0,
        quarantined: 2,
        pending: 0,
        examples: [],
        notes: [
          '2 rows in quarantine have no key that can be told, so extra rows cannot be told from theirs (1 row that the source does not give)',
        ],
      },
    ]);
  });

  test('are missing if fewer of them wait', async () => {
    await shop.warehouse.query(`delete from weir_quarantine where row ->> 'label' = 'ax'`);
    const verification = await verifyShop(shop);
    expect(unequal(verification)).toEqual({ dim_code: { rows: 4, equal: 2, missing: 1, quarantined: 1 } });
    expect(verification.tables.flatMap(({ examples }) => examples)).toEqual([
      { difference: 'missing', key: null, reason: expect.stringMatching(/^Conversion Error/), columns: {} },
    ]);
  });

  test('are pending if they came after the batch', async () => {
    await shop.source.query(`insert into label values ('az')`);
    expect(unequal(await verifyShop(shop))).toEqual({ dim_code: { rows: 5, equal: 2, quarantined: 2, pending: 1 } });
  });
});
