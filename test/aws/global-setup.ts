/** Once a run: PostgreSQL, the secrets of the two databases, and the cloud assembly that names them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import startPostgres from '../support/global-setup.ts';
import { ASSEMBLY, cdk } from './cdk.ts';
import { REGION } from './emulator.ts';
import { FOLDER } from './report.ts';

// biome-ignore lint/style/noDefaultExport: Jest asks for one
export default async function setup(): Promise<void> {
  await startPostgres();
  const [source, warehouse] = [await createSecret('totesys'), await createSecret('warehouse')];
  const config = join(FOLDER, 'config.json');
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(
    config,
    JSON.stringify({
      region: REGION,
      alarmEmail: 'rehearsal@example.com',
      architecture: process.arch === 'arm64' ? 'arm64' : 'x86_64',
      scheduleMinutes: 1,
      warehouse: { secretArn: warehouse, tls: 'off' }, // the PostgreSQL of the tests has no certificate
      datasets: { totesys: { source: { secretArn: source, tls: 'off' } } },
    }),
  );
  cdk(['synth', '--quiet', '--output', ASSEMBLY, '--context', 'stage=dev', '--context', `config=${config}`]);
}

async function createSecret(name: string): Promise<string> {
  const { ARN } = await new SecretsManagerClient().send(new CreateSecretCommand({ Name: name, SecretString: '{}' }));
  if (ARN === undefined) throw new Error(`the emulator gave no ARN for the secret ${name}`);
  return ARN;
}
