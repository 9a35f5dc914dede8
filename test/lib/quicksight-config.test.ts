/** The key `quicksight` of the configuration: what it says when something is missing or wrong. */
import { parseConfig } from '../../lib/config.ts';
import { EXAMPLE } from './synthesis.ts';

const principalArn = 'arn:aws:quicksight:eu-west-2:111122223333:user/default/analyst';
const secretArn = 'arn:aws:secretsmanager:eu-west-2:111122223333:secret:analyst-AbCdEf';
const quicksight = { principalArn, secretArns: { totesys: secretArn } };
const network = {
  vpcId: 'vpc-0123456789abcdef0',
  subnetIds: ['subnet-0123456789abcdef0'],
  securityGroupIds: ['sg-0123456789abcdef0'],
};

const refusal = (content: object) => () =>
  parseConfig({ stage: 'prod', file: 'lib/config.prod.json', content: { ...EXAMPLE, ...content } });

test('a user and a group are taken, with a namespace and a name', () => {
  for (const name of ['user/default/Admin/jo', 'group/default/analysts'])
    expect(
      refusal({ quicksight: { ...quicksight, principalArn: `arn:aws:quicksight:us-east-1:111122223333:${name}` } }),
    ).not.toThrow();
});

test.each([
  ['yes', 'quicksight: write an object with principalArn and secretArns, or leave it out to have no QuickSight'],
  [{ ...quicksight, principalArn: 'me' }, 'quicksight.principalArn: write the ARN of the user or group of QuickSight'],
  [{ principalArn }, 'quicksight.secretArns: write the secret of a read-only role for each data set'],
  [{ ...quicksight, secretArns: {} }, 'quicksight.secretArns: name at least one data set'],
  [{ ...quicksight, secretArns: { totesys: 'x' } }, 'quicksight.secretArns.totesys: write the ARN of its secret'],
  [{ ...quicksight, secretArns: { olist: secretArn } }, 'quicksight.secretArns.olist: datasets has no such data set'],
  [{ ...quicksight, users: [] }, 'quicksight.users: there is no such key'],
])('quicksight = %j is refused by name', (value, complaint) => {
  expect(refusal({ quicksight: value })).toThrow(`\n  ${complaint}`);
});

test('of a warehouse that somebody else keeps it must be told what the secret does not tell QuickSight', () => {
  expect(refusal({ warehouse: { secretArn, network } })).not.toThrow();
  expect(refusal({ quicksight, warehouse: { secretArn, network } })).toThrow(
    [
      'lib/config.prod.json is refused:',
      '  warehouse.host: write its host name: QuickSight does not read it from the secret',
      '  warehouse.name: write the name of the database: QuickSight does not read it from the secret',
      '  warehouse.network.subnetIds: write a second one, in another availability zone, for QuickSight',
      'lib/config.example.json shows every key',
    ].join('\n'),
  );
});
