/** What the business starts with: places, partners, people and lists, which never grow. */
import { HOUR, MINUTE, SECOND, timestampOf } from './calendar.ts';
import { design } from './designs.ts';
import * as names from './names.ts';
import { createRandom, type Random } from './random.ts';
import type { Row, Table, TableRow } from './rows.ts';

export const ADDRESSES = 30;
export const COUNTERPARTIES = 20;
export const STAFF = 20;
export const CURRENCIES = ['GBP', 'USD', 'EUR'];
export const PAYMENT_TYPES = ['SALES_RECEIPT', 'SALES_REFUND', 'PURCHASE_PAYMENT', 'PURCHASE_REFUND'];
export const FIRST_DESIGNS = 10;

const LEGAL_ADDRESSES = 14;
const ADDRESSES_WITHOUT_LINE_2 = 20;
const ADDRESSES_WITHOUT_DISTRICT = 14;
const DEPARTMENTS: Readonly<Record<string, string>> = {
  Sales: 'Manchester',
  Purchasing: 'Manchester',
  Production: 'Leeds',
  Dispatch: 'Leds', // the typing error is the original's
  Finance: 'Manchester',
  Facilities: 'Manchester',
  Communications: 'Leeds',
  HR: 'Leeds',
};

const OPENING = 14 * HOUR + 20 * MINUTE;
const LISTS_TIME = OPENING + 49 * SECOND + 962;
const PEOPLE_TIME = OPENING + 51 * SECOND + 563;
/** When, after the first day's midnight, the first orders are placed. */
export const FIRST_ORDERS_TIME = OPENING + 52 * SECOND + 186;

/** The rows that stand before the first order, in an order that foreign keys accept. `day` is the first day's midnight. */
export function referenceData({ seed, day }: { readonly seed: number; readonly day: number }): readonly TableRow[] {
  const random = createRandom(seed, 'reference data');
  const lists = stampedAt(day + LISTS_TIME);
  const people = stampedAt(day + PEOPLE_TIME);
  return [
    ...rowsOf('address', addresses(random).map(lists)),
    ...rowsOf('counterparty', counterparties(random).map(people)),
    ...rowsOf('currency', numbered('currency_id', 'currency_code', CURRENCIES).map(lists)),
    ...rowsOf('department', departments(random).map(lists)),
    ...rowsOf('design', firstDesigns(random, day + LISTS_TIME)),
    ...rowsOf('payment_type', numbered('payment_type_id', 'payment_type_name', PAYMENT_TYPES).map(lists)),
    ...rowsOf('staff', staff(random).map(people)),
  ];
}

function rowsOf(table: Table, rows: readonly Row[]): TableRow[] {
  return rows.map((row) => ({ table, row }));
}

function numbered(id: string, name: string, values: readonly string[]): Row[] {
  return values.map((value, at) => ({ [id]: at + 1, [name]: value }));
}

function stampedAt(time: number): (row: Row) => Row {
  return (row) => ({ ...row, created_at: timestampOf(time), last_updated: timestampOf(time) });
}

function addresses(random: Random): Row[] {
  const withoutLine2 = new Set(random.shuffle(numbersTo(ADDRESSES)).slice(0, ADDRESSES_WITHOUT_LINE_2));
  const withoutDistrict = new Set(random.shuffle(numbersTo(ADDRESSES)).slice(0, ADDRESSES_WITHOUT_DISTRICT));
  return numbersTo(ADDRESSES).map((address_id) => ({
    address_id,
    address_line_1: names.streetAddress(random),
    address_line_2: withoutLine2.has(address_id) ? null : names.streetName(random),
    district: withoutDistrict.has(address_id) ? null : random.pick(names.DISTRICTS),
    city: names.city(random),
    postal_code: names.postalCode(random, address_id),
    country: random.pick(names.COUNTRIES),
    phone: names.phone(random),
  }));
}

function counterparties(random: Random): Row[] {
  const seats = random.shuffle(numbersTo(ADDRESSES)).slice(0, LEGAL_ADDRESSES);
  return names.firmNames(random, COUNTERPARTIES).map((counterparty_legal_name, at) => ({
    counterparty_id: at + 1,
    counterparty_legal_name,
    legal_address_id: seats[at] ?? random.pick(seats), // every seat is taken once, then some are shared
    commercial_contact: names.personName(random),
    delivery_contact: names.personName(random),
  }));
}

function departments(random: Random): Row[] {
  const managers = random.shuffle(names.LAST_NAMES);
  return Object.entries(DEPARTMENTS).map(([department_name, location], at) => ({
    department_id: at + 1,
    department_name,
    location,
    manager: `${random.pick(names.FIRST_NAMES)} ${managers[at]}`,
  }));
}

/** Nobody works in the first department, Sales: so it is in the original. */
function staff(random: Random): Row[] {
  const lastNames = random.shuffle(names.LAST_NAMES);
  return random
    .shuffle(names.FIRST_NAMES)
    .slice(0, STAFF)
    .map((first_name, at) => ({
      staff_id: at + 1,
      first_name,
      last_name: lastNames[at] ?? '',
      department_id: random.between(2, Object.keys(DEPARTMENTS).length),
      email_address: `${first_name}.${lastNames[at]}@totesys.example`.toLowerCase(),
    }));
}

function firstDesigns(random: Random, time: number): Row[] {
  return numbersTo(FIRST_DESIGNS).map((design_id) => design({ random, time, design_id }));
}

function numbersTo(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at + 1);
}
