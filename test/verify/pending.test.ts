/** What changed in the source since the newest batch is no difference, and hides none. */
import { connect } from '../../lambdas/shared/postgres.ts';
import type { Scenario } from '../support/scenario.ts';
import { createShop, SHOP, unequal, verifyShop } from './shop.ts';

let shop: Scenario;

beforeEach(async () => {
  shop = await createShop();
  await shop.run();
});

afterEach(() => shop.close());

/** A change, an insert and a delete in every table that is captured by changes. */
const CHANGES = `
  update customer set name = 'renamed' where customer_id = 2;
  insert into customer values (13, 'new', 1, now());
  delete from customer where customer_id = 12;
  update orders set amount = '0.01' where order_id = 2;
  insert into orders values (13, 1, '1.00', null, now());
  delete from orders where order_id = 12;
  insert into click values (13, 'new')`;

const PENDING = {
  dim_customer: { rows: 12, equal: 10, pending: 3 },
  fact_order: { rows: 12, equal: 10, pending: 3 },
  click: { rows: 13, equal: 12, pending: 1 },
};

test('a change, an insert and a delete are pending until the next batch', async () => {
  await shop.source.query(CHANGES);
  const verification = await verifyShop(shop);
  expect(unequal(verification)).toEqual(PENDING);
  expect(verification.tables.flatMap(({ examples, notes }) => [...examples, ...notes])).toEqual([]);
  await shop.run();
  expect(unequal(await verifyShop(shop))).toEqual({});
});

test('a row of the warehouse that was tampered with is seen beside what is pending', async () => {
  await shop.source.query(CHANGES);
  await shop.warehouse.query(`
    alter table fact_order drop constraint fact_order_customer_id_fkey;
    update dim_customer set name = 'Mallory' where customer_id = 3;
    delete from dim_customer where customer_id = 4;
    insert into dim_customer values (14, 'nobody', 1, 1, false);
    update fact_order set amount = 0 where order_id = 3;
    delete from fact_order where order_id = 5;
    insert into fact_order values (100, 14, 1, 0, null, 1, false);
    delete from click where click_id = 5;
    update click set page = '' where click_id = 6`);
  const verification = await verifyShop(shop);
  expect(unequal(verification)).toEqual({
    // The next batch lists the keys that are left, and would mark those that were added as deleted.
    dim_customer: { rows: 12, equal: 8, missing: 1, different: 1, pending: 4 },
    fact_order: { rows: 12, equal: 8, missing: 1, different: 1, pending: 4 },
    click: { rows: 13, equal: 10, missing: 1, different: 1, pending: 1 },
  });
});

test('a model that the next batch makes anew as a whole is pending as a whole', async () => {
  await shop.source.query(`update country set country = 'Cymru' where country_id = 1`);
  await shop.warehouse.query(`update dim_town set town = 'Mallory' where town_id = 2`);
  expect(unequal(await verifyShop(shop))).toEqual({ dim_town: { rows: 3, equal: 1, pending: 2 } });
  await shop.run();
  expect(unequal(await verifyShop(shop))).toEqual({});
});

test('a warehouse that is behind the lake is compared with the batch that it holds', async () => {
  await shop.source.query(CHANGES);
  const { ingest, transform } = await shop.pipeline();
  await ingest();
  await transform();
  await shop.source.query(`insert into customer values (14, 'newer', 1, now())`);
  const verification = await verifyShop(shop);
  expect(verification.batch.number).toBe(1);
  expect(unequal(verification)).toEqual({ ...PENDING, dim_customer: { rows: 13, equal: 10, pending: 4 } });
});

test('when the next batch reads more than changes, nothing is excused and the reason is told', async () => {
  await shop.source.query(`alter table customer add column age int; ${CHANGES}`);
  const verification = await verifyShop(shop);
  expect(verification.inseparable).toBe('structure changed: customer');
  expect(unequal(verification)).toEqual({
    dim_customer: { rows: 12, equal: 10, missing: 1, extra: 1, different: 1 },
    fact_order: { rows: 12, equal: 10, missing: 1, extra: 1, different: 1 },
    click: { rows: 13, equal: 12, missing: 1 },
  });
  await shop.run();
  expect(unequal(await verifyShop(shop))).toEqual({});
});

test('another model than the warehouse was made of is told as the reason', async () => {
  shop.describe({
    ...SHOP,
    models: {
      ...SHOP.models,
      click: { key: 'click_id', apply: 'events', sql: 'select click_id, upper(page) as page from click' },
    },
  });
  const verification = await verifyShop(shop);
  expect(verification.inseparable).toBe('models changed: click');
  expect(unequal(verification)).toEqual({ click: { rows: 12, different: 12 } });
});

test('what is written to the source while it is read belongs to neither of its two readings', async () => {
  let sessions = 0;
  const source = async () => {
    sessions += 1;
    if (sessions > 1) await shop.source.query(`insert into click values (${100 + sessions}, 'late')`);
    return connect({ url: shop.sourceUrl, role: 'source' });
  };
  expect(unequal(await verifyShop(shop, { source }))).toEqual({});
  expect(sessions).toBe(3);
  expect(unequal(await verifyShop(shop))).toEqual({ click: { rows: 14, equal: 12, pending: 2 } });
});

describe('events that the source changes after the warehouse took them in', () => {
  const NOTE =
    '1 event changed in the source after the warehouse took them in: it keeps them as they were, and they count as equal';
  const click = async () => (await verifyShop(shop)).tables.find(({ table }) => table === 'click');

  test('are no difference, before the batch that captures the change and after it', async () => {
    await shop.source.query(`update click set page = 'corrected' where click_id = 4`);
    expect(await click()).toMatchObject({ rows: 12, equal: 12, different: 0, pending: 0, notes: [NOTE] });
    await shop.run();
    expect(await click()).toMatchObject({ rows: 12, equal: 12, different: 0, pending: 0, notes: [NOTE] });
  });

  test('are a difference if the warehouse has them as no batch brought them', async () => {
    await shop.source.query(`update click set page = 'corrected' where click_id = 4`);
    await shop.run();
    await shop.warehouse.query(`update click set page = 'Mallory' where click_id = 4`);
    expect(await click()).toMatchObject({ rows: 12, equal: 11, different: 1, notes: [] });
  });
});
