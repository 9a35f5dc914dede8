import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { createS3Client, openS3Store } from '../../lambdas/shared/s3-store.ts';
import { describeObjectStoreContract } from './object-store-contract.ts';

const MIB = 1024 * 1024;
const KEY_ID = 'AKIAWEIRTEST';
const SECRET = 'secret-of-the-test';
const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** A server of the test's own; it stops with the test. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function clientOf(endpoint: string, more: Parameters<typeof createS3Client>[0] = {}): S3Client {
  return createS3Client({
    endpoint,
    region: 'eu-west-2',
    credentials: { accessKeyId: KEY_ID, secretAccessKey: SECRET },
    ...more,
  });
}

/** Answers as S3 documents its errors: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(
    `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>The message.</Message>` +
      `<AWSAccessKeyId>${KEY_ID}</AWSAccessKeyId><StringToSign>AWS4-HMAC-SHA256</StringToSign></Error>`,
  );
}

const endpoint = process.env.WEIR_TEST_S3_ENDPOINT;

if (endpoint === undefined) {
  test.skip('an S3 bucket keeps the contract of an object store: skipped, WEIR_TEST_S3_ENDPOINT names no S3 server', () => {});
} else {
  const client = createS3Client({ endpoint });
  const buckets: string[] = [];

  const newBucket = async () => {
    const bucket = `weir-test-${randomUUID()}`;
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    buckets.push(bucket);
    return bucket;
  };

  afterAll(async () => {
    for (const Bucket of buckets) {
      for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket })) {
        if (Contents.length === 0) continue;
        const Objects = Contents.map(({ Key }) => ({ Key }));
        await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
      }
      await client.send(new DeleteBucketCommand({ Bucket }));
    }
  });

  describeObjectStoreContract('an S3 bucket', async () => openS3Store({ bucket: await newBucket(), client }));

  describe('an S3 store on a server', () => {
    test('leaves no parts of an upload whose source fails', async () => {
      const bucket = await newBucket();
      let uploads: unknown;
      const source = Readable.from(
        (async function* () {
          for (let part = 0; part < 4; part += 1) yield randomBytes(8 * MIB);
          for (; uploads === undefined; await sleep(20)) {
            uploads = (await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads;
          }
          throw new Error('the source is gone');
        })(),
      );
      await expect(openS3Store({ bucket, client }).put('key', source)).rejects.toThrow('the source is gone');
      expect(uploads).toMatchObject([{ Key: 'key' }]);
      expect((await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads).toBeUndefined();
    });

    test('says false of its own object when the reply to its first attempt was lost', async () => {
      const bucket = await newBucket();
      let seen = 0;
      const proxy = await serve((incoming, outgoing) => {
        seen += 1;
        const lost = seen === 1;
        const { method, url, headers } = incoming;
        const forwarded = request(new URL(url ?? '/', endpoint), { method, headers }, (answer) => {
          if (lost) answer.resume().once('end', () => outgoing.destroy());
          else answer.pipe(outgoing.writeHead(answer.statusCode ?? 502, answer.headers));
        });
        incoming.pipe(forwarded);
      });
      const store = openS3Store({ bucket, client: createS3Client({ endpoint: proxy }) });
      expect(await store.putIfAbsent('manifest', 'mine')).toBe(false);
      expect([seen, await text(await store.get('manifest'))]).toEqual([2, 'mine']);
    });

    test('names a bucket that does not exist', async () => {
      const store = openS3Store({ bucket: `weir-test-${randomUUID()}`, client });
      for (const [action, call] of Object.entries({
        [`write ${store.url}/key`]: () => store.put('key', Readable.from([''])),
        [`read ${store.url}/key`]: () => store.get('key'),
        [`list ${store.url}/`]: () => store.list(''),
      })) {
        await expect(call()).rejects.toMatchObject({
          name: 'TerminalError',
          message: `${action}: NoSuchBucket (The specified bucket does not exist); create the bucket or correct its name and run again`,
        });
      }
      await expect(store.putIfAbsent('key', '')).rejects.toMatchObject({ name: 'TerminalError' });
    });
  });
}

describe('an S3 store', () => {
  test.each([
    [
      403,
      'AccessDenied',
      'grant this identity the right to do so (for a missing key S3 says the same, unless s3:ListBucket is granted)',
    ],
    [403, 'InvalidAccessKeyId', 'correct the AWS credentials'],
    [403, 'SignatureDoesNotMatch', 'correct the AWS credentials'],
    [400, 'ExpiredToken', 'log in to AWS again'],
    [400, 'AuthorizationHeaderMalformed', 'set AWS_REGION to the region of the bucket'],
    [301, 'PermanentRedirect', 'set AWS_REGION to the region of the bucket'],
    [404, 'NoSuchBucket', 'create the bucket or correct its name'],
    [400, 'InvalidBucketName', 'mend the cause'],
  ])('stops at %i %s and says what to do, without credentials', async (status, code, remedy) => {
    const url = await serve((incoming, response) =>
      incoming.resume().once('end', () => refuse(response, status, code)),
    );
    const store = openS3Store({ bucket: 'bucket', client: clientOf(url) });
    for (const [action, call] of Object.entries({
      'write s3://bucket/a/b': () => store.put('a/b', Readable.from(['body'])),
      'write s3://bucket/c': () => store.putIfAbsent('c', 'body'),
      'read s3://bucket/a/b': () => store.get('a/b'),
      'list s3://bucket/a/': () => store.list('a'),
    })) {
      const error = await call().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        name: 'TerminalError',
        message: `${action}: ${code} (The message.); ${remedy} and run again`,
      });
      expect(inspect(error, { depth: null, showHidden: true })).not.toMatch(/AKIAWEIRTEST|secret-of-the-test|HMAC/);
    }
  });

  test.each([
    [500, 'InternalError'],
    [503, 'SlowDown'],
    [400, 'RequestTimeout'],
    [400, 'BadDigest'],
    [404, 'NoSuchUpload'],
  ])('calls %i %s retryable', async (status, code) => {
    const url = await serve((incoming, response) =>
      incoming.resume().once('end', () => refuse(response, status, code)),
    );
    const store = openS3Store({ bucket: 'bucket', client: clientOf(url, { maxAttempts: 2 }) });
    await expect(store.put('key', Readable.from(['body']))).rejects.toMatchObject({
      name: 'RetryableError',
      message: `write s3://bucket/key: ${code} (The message.); nothing was committed, run again`,
    });
  });

  test('tries again when another writer is at the same key, and wins or loses', async () => {
    for (const [last, won] of [
      [200, true],
      [412, false],
    ] as const) {
      const conditions: unknown[] = [];
      const url = await serve((incoming, response) => {
        conditions.push(incoming.headers['if-none-match']);
        incoming.resume().once('end', () => {
          if (conditions.length <= 2) refuse(response, 409, 'ConditionalRequestConflict');
          else if (last === 412) refuse(response, 412, 'PreconditionFailed');
          else response.end();
        });
      });
      expect(await openS3Store({ bucket: 'bucket', client: clientOf(url) }).putIfAbsent('key', 'body')).toBe(won);
      expect(conditions).toEqual(['*', '*', '*']);
    }
  });

  test('gives up a key that other writers keep busy', async () => {
    let requests = 0;
    const url = await serve((incoming, response) => {
      requests += 1;
      incoming.resume().once('end', () => refuse(response, 409, 'ConditionalRequestConflict'));
    });
    const store = openS3Store({ bucket: 'bucket', client: clientOf(url) });
    await expect(store.putIfAbsent('key', 'body')).rejects.toMatchObject({
      name: 'RetryableError',
      message: 'write s3://bucket/key: other writers hold the key; read it back and run again',
    });
    expect(requests).toBe(4);
  });

  test('calls a server that refuses the connection retryable', async () => {
    const url = await serve(() => {});
    for (const stop of stops.splice(0)) await stop();
    await expect(openS3Store({ bucket: 'bucket', client: clientOf(url) }).list('')).rejects.toMatchObject({
      name: 'RetryableError',
      message: expect.stringMatching(/^list s3:\/\/bucket\/: .*ECONNREFUSED.*; nothing was committed, run again$/),
    });
  });

  test('calls a server that does not answer retryable', async () => {
    const url = await serve((incoming) => incoming.resume());
    const client = clientOf(url, { maxAttempts: 1, requestHandler: { socketTimeout: 200 } });
    await expect(openS3Store({ bucket: 'bucket', client }).list('')).rejects.toMatchObject({
      name: 'RetryableError',
      message: expect.stringMatching(
        /^list s3:\/\/bucket\/: TimeoutError \(.*200 ms.*\); nothing was committed, run again$/,
      ),
    });
  });

  test('fails a stream whose connection is lost on the way with a retryable error', async () => {
    const url = await serve((_incoming, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('some');
      setTimeout(() => response.destroy(), 50);
    });
    const stream = await openS3Store({ bucket: 'bucket', client: clientOf(url) }).get('key');
    await expect(text(stream)).rejects.toMatchObject({
      name: 'RetryableError',
      message: expect.stringMatching(
        /^read s3:\/\/bucket\/key: ECONNRESET \(.*aborted\); nothing was committed, run again$/,
      ),
    });
  });

  test('closes the connection of a stream that its reader leaves', async () => {
    let closed: Promise<unknown> = Promise.resolve();
    const url = await serve((_incoming, response) => {
      closed = once(response, 'close');
      response.writeHead(200, { 'content-length': '100' }).write('some');
    });
    const stream = await openS3Store({ bucket: 'bucket', client: clientOf(url) }).get('key');
    stream.destroy();
    await closed;
    expect(stream.destroyed).toBe(true);
  });

  describe('configured by the environment', () => {
    const environment = { ...process.env };

    afterEach(() => {
      for (const name of Object.keys(process.env)) delete process.env[name];
      Object.assign(process.env, environment);
    });

    /** The environment of a machine that has nothing of AWS. */
    function forget(): void {
      for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
      process.env.AWS_EC2_METADATA_DISABLED = 'true';
      process.env.AWS_CONFIG_FILE = process.env.AWS_SHARED_CREDENTIALS_FILE = '/dev/null';
    }

    test('addresses a bucket by path on the server that AWS_ENDPOINT_URL_S3 names', async () => {
      const seen: unknown[] = [];
      forget();
      process.env.AWS_REGION = 'eu-west-2';
      process.env.AWS_ACCESS_KEY_ID = KEY_ID;
      process.env.AWS_SECRET_ACCESS_KEY = SECRET;
      process.env.AWS_ENDPOINT_URL_S3 = await serve((incoming, response) => {
        seen.push([incoming.method, incoming.url, incoming.headers['if-none-match']]);
        incoming.resume().once('end', () => response.end());
      });
      expect(await openS3Store({ bucket: 'bucket' }).putIfAbsent('a/b c', 'body')).toBe(true);
      expect(seen).toEqual([['PUT', '/bucket/a/b%20c?x-id=PutObject', '*']]);
    });

    test('stops where there is no region', async () => {
      forget();
      await expect(openS3Store({ bucket: 'bucket' }).list('')).rejects.toMatchObject({
        name: 'TerminalError',
        message: 'list s3://bucket/: Error (Region is missing); mend the cause and run again',
      });
    });

    test('stops where there are no credentials', async () => {
      forget();
      process.env.AWS_REGION = 'eu-west-2';
      await expect(openS3Store({ bucket: 'bucket' }).list('')).rejects.toMatchObject({
        name: 'TerminalError',
        message: expect.stringMatching(
          /^list s3:\/\/bucket\/: CredentialsProviderError \(.*\); provide AWS credentials and run again$/,
        ),
      });
    });

    test('stops where AWS_ENDPOINT_URL_S3 is no URL', async () => {
      forget();
      Object.assign(process.env, { AWS_REGION: 'eu-west-2', AWS_ACCESS_KEY_ID: KEY_ID, AWS_SECRET_ACCESS_KEY: SECRET });
      process.env.AWS_ENDPOINT_URL_S3 = 'nonsense';
      await expect(openS3Store({ bucket: 'bucket' }).list('')).rejects.toMatchObject({ name: 'TerminalError' });
    });
  });
});
