-- one row per currency
-- The source has codes only. The names are ISO's own, of its lists one and three (codes in use and withdrawn) as published on 2026-01-01;
-- a code that ISO never had gets no name, and so goes to quarantine.
select
  currency.currency_id,
  currency.currency_code,
  iso_4217.name as currency_name
from currency
left join iso_4217 on iso_4217.code = currency.currency_code
