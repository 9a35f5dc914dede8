/** A warehouse too old to judge single values stops at the first that does not fit, and says which. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { removePostgres } from '../../bin/local/postgres.ts';
import { openHome } from '../../bin/local/postgres-home.ts';
import { TerminalError } from '../../lambdas/shared/errors.ts';
import { connectTo, createScenario } from '../support/scenario.ts';
import { findResetwal, startWrappingServer } from '../support/wrapping-server.ts';

const binaries = findResetwal();
const old = binaries !== undefined && /\/1[45]\/bin$/.test(binaries);
const testWithOldServer = old ? test : test.skip;

testWithOldServer(
  old ? 'PostgreSQL 14 or 15 as warehouse' : 'SKIPPED: no PostgreSQL 14 or 15 below /usr/lib/postgresql',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'weir-old-warehouse-'));
    const server = await startWrappingServer(openHome(join(directory, 'server')), binaries ?? '', 2 ** 32 - 1000);
    const scenario = await createScenario({
      source: `create table item (id int primary key, name text); insert into item values (1, 'fits'), (2, null)`,
      warehouse:
        'create table item (id int primary key, name varchar(5) not null, batch bigint not null, deleted boolean not null)',
      models: { item: { sql: 'select id, name from item', key: 'id' } },
    });
    const warehouse = connectTo(server.url, 'warehouse');
    const reader = await connectTo(`${server.url}?options=-csearch_path%3Dstar`)();
    try {
      expect((await scenario.run({ warehouse })).loaded[0]?.models.item).toMatchObject({ inserted: 1, quarantined: 1 });
      await scenario.source.query(
        `update item set name = 'two' where id = 2; insert into item values (3, 'far too long')`,
      );
      const error = await scenario.run({ warehouse }).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(TerminalError);
      expect(String(error)).toMatch(
        /load shop\/item batch 2: .*value too long for type character varying\(5\) \[COPY weir_stage, line \d, column name: "far too long"\] \(22001\); widen the column in a migration or correct the value in the source, the batch was rolled back/,
      );
      expect(await reader.query('select id, name from item')).toEqual([{ id: '1', name: 'fits' }]);
      await reader.query('alter table item alter name type text');
      await scenario.run({ warehouse });
      expect(await reader.query('select id, name from item order by id')).toEqual([
        { id: '1', name: 'fits' },
        { id: '2', name: 'two' },
        { id: '3', name: 'far too long' },
      ]);
      expect(await reader.query('select * from weir_quarantine')).toEqual([]);
    } finally {
      await reader.end();
      await scenario.close();
      await server.stop();
      await removePostgres(join(directory, 'server'));
      rmSync(directory, { recursive: true });
    }
  },
);
