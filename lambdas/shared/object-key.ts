/** What an object's key may look like, so that every key fits every adapter, and the order in which names are listed. */
import { TerminalError } from './errors.ts';

/** The folder at the root in which a folder store keeps what is still being written; no key may enter it. */
export const INCOMPLETE = '.incomplete';

/** @throws {TerminalError} if the key would leave its bucket, or if S3 or a file system could not hold it. */
export function checkKey(url: string, key: string): void {
  const fact = faultOf(key);
  if (fact !== undefined)
    throw new TerminalError(`${url}: key ${JSON.stringify(key)} ${fact}; nothing was read or written`);
}

/** The prefix shared by all keys in a folder: `''` for the root, else the folder with one `/` at its end. */
export function prefixOf(url: string, folder: string): string {
  if (folder === '') return '';
  const key = folder.endsWith('/') ? folder.slice(0, -1) : folder;
  checkKey(url, key);
  return `${key}/`;
}

/** Orders names by code point, as S3 does: the order of their UTF-8 bytes, not of JavaScript's UTF-16 units. */
export function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function faultOf(key: string): string | undefined {
  const segments = key.split('/');
  if (segments.includes('')) return 'has an empty segment';
  if (segments.includes('.') || segments.includes('..')) return 'has a segment . or ..';
  if (/[\\\p{Cc}]/u.test(key)) return 'has a backslash or a control character';
  // Node would replace a lone surrogate, so two keys could name one object.
  if (!key.isWellFormed()) return 'is not well-formed Unicode';
  // Lower case, because some file systems do not tell the cases apart.
  if (segments[0]?.toLowerCase() === INCOMPLETE) return `is in the reserved folder ${INCOMPLETE}`;
  if (segments.some((segment) => Buffer.byteLength(segment) > 255)) return 'has a segment longer than 255 bytes';
  if (Buffer.byteLength(key) > 1024) return 'is longer than 1024 bytes';
  return undefined;
}
