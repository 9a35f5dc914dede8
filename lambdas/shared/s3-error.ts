/** What S3 and the way to it can answer, sorted into what a retry may cure and what somebody has to mend. */
import { messageOf, RetryableError, TerminalError } from './errors.ts';

/** What to do about an error code of S3 or of the SDK, where there is more to say than to mend it. */
const REMEDIES: Readonly<Record<string, string>> = {
  AccessDenied:
    'grant this identity the right to do so (for a missing key S3 says the same, unless s3:ListBucket is granted)',
  AuthorizationHeaderMalformed: 'set AWS_REGION to the region of the bucket',
  CredentialsProviderError: 'provide AWS credentials',
  ExpiredToken: 'log in to AWS again',
  InvalidAccessKeyId: 'correct the AWS credentials',
  NoSuchBucket: 'create the bucket or correct its name',
  PermanentRedirect: 'set AWS_REGION to the region of the bucket',
  RequestTimeTooSkewed: 'set the clock of this machine',
  SignatureDoesNotMatch: 'correct the AWS credentials',
  TokenProviderError: 'log in to AWS again',
};

/** Answered with 4xx, yet the next attempt may pass: the line was slow or garbled, or the upload was cleaned away meanwhile. */
const RETRYABLE_CODES: ReadonlySet<string> = new Set([
  'BadDigest',
  'NoSuchUpload',
  'RequestTimeout',
  'SlowDown',
  'XAmzContentChecksumMismatch',
]);

/** Names of the SDK's errors that come from configuration, before anything is sent. */
const CONFIGURATION_ERRORS: ReadonlySet<string> = new Set([
  'CredentialsProviderError',
  'TokenProviderError',
  'TypeError',
]);

/**
 * The error to throw in place of one thrown by the SDK. It names the action, the code and what to do, and drops the original,
 * since S3 repeats the access key and the string to sign in some of its errors.
 */
export function s3Error(action: string, error: unknown): Error {
  if (error instanceof TerminalError || error instanceof RetryableError) return error;
  const code = codeOf(error);
  const fact = `${action}: ${code} (${messageOf(error)})`;
  if (isRetryable(error)) return new RetryableError(`${fact}; nothing was committed, run again`);
  return new TerminalError(`${fact}; ${REMEDIES[code] ?? 'mend the cause'} and run again`);
}

/** The HTTP status S3 answered with, undefined if it did not answer. */
export function statusOf(error: unknown): number | undefined {
  const metadata = property(error, '$metadata');
  const status = property(metadata, 'httpStatusCode');
  return typeof status === 'number' ? status : undefined;
}

/** The code S3 answered with (`NoSuchKey`), or that of Node (`ECONNREFUSED`), or the name of the error. */
export function codeOf(error: unknown): string {
  const code = property(error, 'code') ?? property(error, 'name');
  return typeof code === 'string' ? code : 'Error';
}

function isRetryable(error: unknown): boolean {
  const status = statusOf(error);
  if (status === undefined || status < 300) {
    return !CONFIGURATION_ERRORS.has(String(property(error, 'name'))) && !/region is missing/i.test(messageOf(error));
  }
  return status >= 500 || [408, 409, 429].includes(status) || RETRYABLE_CODES.has(codeOf(error));
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
