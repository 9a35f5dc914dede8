/** Events as the functions get them: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html and the payload of EventBridge Scheduler. */
import { randomUUID } from 'node:crypto';
import { ACCOUNT, REGION } from './emulator.ts';

export function scheduledEvent(schedule: string): object {
  return {
    ...envelope('aws.scheduler', 'Scheduled Event'),
    resources: [`arn:aws:scheduler:${REGION}:${ACCOUNT}:schedule/default/${schedule}`],
    detail: '{}',
  };
}

export function objectCreatedEvent(bucket: string, key: string): object {
  return {
    ...envelope('aws.s3', 'Object Created'),
    resources: [`arn:aws:s3:::${bucket}`],
    detail: {
      version: '0',
      bucket: { name: bucket },
      object: { key, size: 5, etag: 'b1946ac92492d2347c6235b4d2611184', sequencer: '00617F08299329D189' },
      'request-id': 'N4N7GDK58NMKJ12R',
      requester: ACCOUNT,
      'source-ip-address': '1.2.3.4',
      reason: 'PutObject',
    },
  };
}

function envelope(source: string, type: string) {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': type,
    source,
    account: ACCOUNT,
    time: new Date().toISOString(),
    region: REGION,
  };
}
