import { lakeType } from '../../lambdas/shared/source-types.ts';

test.each([
  ['smallint', 'SMALLINT'],
  ['integer', 'INTEGER'],
  ['bigint', 'BIGINT'],
  ['real', 'FLOAT'],
  ['double precision', 'DOUBLE'],
  ['boolean', 'BOOLEAN'],
  ['date', 'DATE'],
  ['timestamp without time zone', 'TIMESTAMP'],
  ['timestamp(3) without time zone', 'TIMESTAMP'],
  ['timestamp with time zone', 'TIMESTAMP'],
  ['numeric(10,2)', 'DECIMAL(10,2)'],
  ['numeric(38)', 'DECIMAL(38,0)'],
])('%s is %s in the lake', (type, expected) => expect(lakeType(type)).toBe(expected));

test.each([
  'numeric',
  'numeric(39,2)',
  'text',
  'character varying(3)',
  'character(2)',
  'uuid',
  'jsonb',
  'time without time zone',
  'interval',
  'integer[]',
  'mood',
])('%s travels as text, which every reader of the lake agrees on', (type) => expect(lakeType(type)).toBe('VARCHAR'));
