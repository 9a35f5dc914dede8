/** What a file system can answer, sorted into what a retry may cure and what somebody has to mend. */
import { messageOf, RetryableError, TerminalError } from './errors.ts';

/** The error to throw in place of one of the file system: it names the action and what to do. */
export function folderError(action: string, error: unknown): Error {
  if (error instanceof TerminalError) return error;
  const code = codeOf(error);
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new RetryableError(`${action}: disk full (${code}); nothing was committed, free some space and run again`);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new TerminalError(`${action}: not permitted (${code}); let this user do so and run again`);
    case 'ENOTDIR':
    case 'EEXIST':
    case 'EISDIR':
    case 'ENOTEMPTY':
      return new TerminalError(
        `${action}: a file is in the place of a folder, or a folder in that of a file (${code}); move it and run again`,
      );
    default:
      return new RetryableError(`${action}: ${messageOf(error)}; nothing was committed, run again`);
  }
}

/** Whether the error says that a path leads to nothing. */
export function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';
}

/** An error like one of the file system, for what it accepts and a bucket does not. */
export function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** The code of a system error, as `ENOENT`. */
export function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
