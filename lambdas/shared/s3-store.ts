/** An S3 bucket as an object store. */
import { finished, PassThrough, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  GetObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { RetryableError } from './errors.ts';
import { byCodePoint, checkKey, prefixOf } from './object-key.ts';
import { ObjectNotFoundError, type ObjectStore } from './object-store.ts';
import { codeOf, s3Error, statusOf } from './s3-error.ts';

/** Memory of one upload is about three parts. S3 takes 10,000 parts an object, which makes 78 GB the largest. */
const PART_BYTES = 8 * 1024 * 1024;
const PARTS_AT_ONCE = 2;

const CONFLICT_ATTEMPTS = 4;
const CONFLICT_PAUSE_MS = 100;

export interface S3StoreOptions {
  readonly bucket: string;
  /** @default - a client configured by the environment */
  readonly client?: S3Client;
}

/**
 * Opens a bucket; nothing is sent before the first call.
 *
 * The client sends a request again when its reply was lost. If the first one had taken effect, `putIfAbsent` meets its own object
 * and returns false: whoever gets false reads the key back to see whose it is.
 */
export function openS3Store({ bucket, client = createS3Client() }: S3StoreOptions): ObjectStore {
  const url = `s3://${bucket}`;
  return {
    url,

    async put(key, body) {
      try {
        checkKey(url, key);
        const params = { Bucket: bucket, Key: key, Body: body };
        await new Upload({ client, params, partSize: PART_BYTES, queueSize: PARTS_AT_ONCE }).done();
      } catch (error) {
        body.destroy();
        throw body.errored ?? s3Error(`write ${url}/${key}`, error);
      }
    },

    async putIfAbsent(key, body) {
      checkKey(url, key);
      // Bytes, because the SDK takes an empty string for a stream.
      const Body = Buffer.from(body);
      const command = new PutObjectCommand({ Bucket: bucket, Key: key, Body, IfNoneMatch: '*' });
      for (let attempt = 1; attempt <= CONFLICT_ATTEMPTS; attempt += 1) {
        try {
          await client.send(command);
          return true;
        } catch (error) {
          if (statusOf(error) === 412) return false;
          if (codeOf(error) !== 'ConditionalRequestConflict') throw s3Error(`write ${url}/${key}`, error);
        }
        await sleep(CONFLICT_PAUSE_MS * attempt);
      }
      throw new RetryableError(`write ${url}/${key}: other writers hold the key; read it back and run again`);
    },

    async get(key) {
      checkKey(url, key);
      const action = `read ${url}/${key}`;
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        if (Body instanceof Readable) return withS3Errors(action, Body);
      } catch (error) {
        if (codeOf(error) === 'NoSuchKey') throw new ObjectNotFoundError(`${action}: there is no such object`);
        throw s3Error(action, error);
      }
      throw new RetryableError(`${action}: the answer has no body; run again`);
    },

    async list(folder) {
      const prefix = prefixOf(url, folder);
      try {
        const names: string[] = [];
        for await (const page of paginateListObjectsV2(
          { client },
          { Bucket: bucket, Prefix: prefix, Delimiter: '/' },
        )) {
          for (const { Key = '' } of page.Contents ?? []) names.push(Key.slice(prefix.length));
          for (const { Prefix = '' } of page.CommonPrefixes ?? []) names.push(Prefix.slice(prefix.length));
        }
        // An empty name is the marker object that the S3 console makes for a folder.
        return names.filter((name) => name !== '').sort(byCodePoint);
      } catch (error) {
        throw s3Error(`list ${url}/${prefix}`, error);
      }
    },
  };
}

/**
 * A client configured by the environment, as every AWS tool is: `AWS_REGION`, the credential chain, and `AWS_ENDPOINT_URL_S3` for
 * another server, whose buckets are then addressed by path. A silent server is given up after a minute instead of never.
 */
export function createS3Client(config: S3ClientConfig = {}): S3Client {
  const { AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3 = AWS_ENDPOINT_URL } = process.env;
  return new S3Client({
    forcePathStyle: (config.endpoint ?? AWS_ENDPOINT_URL_S3) !== undefined,
    requestHandler: { connectionTimeout: 5_000, socketTimeout: 60_000 },
    ...config,
  });
}

/** The same bytes; a connection lost on the way fails the stream with an error of ours. */
function withS3Errors(action: string, body: Readable): Readable {
  const stream = new PassThrough();
  finished(body, (error) => {
    if (error) stream.destroy(s3Error(action, error));
  });
  stream.once('close', () => body.destroy());
  return body.pipe(stream);
}
