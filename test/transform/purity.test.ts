/** Transform is a pure function of the manifest: the same batch gives the same bytes, whatever the number of threads. */
import { createHash } from 'node:crypto';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSimulator } from '../../bin/local/simulator/simulator.ts';
import { createPipeline, readDataset, SQL_FOLDER } from '../../bin/pipeline.ts';
import { openDuckdb } from '../../lambdas/shared/duckdb.ts';
import { openLake } from '../../lambdas/shared/lake.ts';
import type { Log } from '../../lambdas/shared/log.ts';
import { ingestionManifest, processedManifest } from '../../lambdas/shared/manifest.ts';
import { openManifestLog } from '../../lambdas/shared/manifest-log.ts';
import { connect } from '../../lambdas/shared/postgres.ts';
import { transform } from '../../lambdas/transform/transform.ts';
import { createTestDatabase } from '../support/database.ts';

const log: Log = { info: () => undefined, warn: () => undefined };

test('two transforms of one lake write the same objects under the same keys, with one thread as with many', async () => {
  const database = await createTestDatabase('pure');
  const folder = mkdtempSync(join(tmpdir(), 'weir-pure-'));
  try {
    const dataset = await readDataset(join(SQL_FOLDER, 'totesys'));
    const session = await connect({ url: database.url, role: 'source' });
    await session.query(readFileSync(join(SQL_FOLDER, 'totesys', 'source', 'schema.sql'), 'utf8'));
    const simulator = await createSimulator({ session, seed: 7 });
    const source = () => connect({ url: database.url, role: 'source' });
    const lake = openLake(join(folder, 'lake'));
    const pipeline = createPipeline({ dataset, source, warehouse: source, lake, log });
    await simulator.loadHistory({ until: '2023-06-30' });
    await pipeline.ingest();
    await simulator.nextDay();
    await simulator.deleteOrder();
    await pipeline.ingest();
    await session.end();

    const objects: Record<string, string>[] = [];
    for (const memoryMegabytes of [400, 1200]) {
      const processed = openLake(join(folder, `lake-${memoryMegabytes}`)).processed;
      await transform({
        dataset,
        lake: { ingestion: lake.ingestion, processed },
        openDuckdb: (directory) => openDuckdb({ directory, memoryMegabytes, threads: memoryMegabytes === 400 ? 1 : 4 }),
        log,
      });
      objects.push(hashes(processed.url));
      const head = await openManifestLog({ store: processed, dataset: 'totesys', schema: processedManifest }).head();
      const source = await openManifestLog({
        store: lake.ingestion,
        dataset: 'totesys',
        schema: ingestionManifest,
      }).head();
      expect(head?.manifest).toMatchObject({
        number: 2,
        ingestion: source?.sha256,
        capturedAt: source?.manifest.capturedAt,
      });
    }
    expect(Object.keys(objects[0] ?? {}).length).toBeGreaterThan(15);
    expect(objects[0]).toEqual(objects[1]);
  } finally {
    rmSync(folder, { recursive: true });
    await database.drop();
  }
});

/** sha256 of every object but the manifests, which also hold how long the work took. */
function hashes(folder: string): Record<string, string> {
  const keys = globSync('**/*.parquet', { cwd: folder }).sort();
  return Object.fromEntries(
    keys.map((key) => [
      key,
      createHash('sha256')
        .update(readFileSync(join(folder, key)))
        .digest('hex'),
    ]),
  );
}
