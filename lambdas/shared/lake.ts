/** Where a pipeline keeps its two buckets, from one address: a folder on a laptop, S3 in the cloud. */
import { join } from 'node:path';
import { UsageError } from './errors.ts';
import { openFolderStore } from './folder-store.ts';
import type { Lake } from './object-store.ts';
import { createS3Client, openS3Store } from './s3-store.ts';

const BUCKETS = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9]),s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])$/;

/** `file:…` or a mistyped `s3:/…` is no folder; one letter and a colon is a drive of Windows. */
const SCHEME = /^[a-z][a-z0-9+.-]+:/i;

/**
 * Opens the lake at an address: a folder, or `s3://ingestion-bucket,s3://processed-bucket`.
 * @throws {UsageError} for any other address.
 * @throws {TerminalError} if the folder is a file.
 */
export function openLake(address: string): Lake {
  const [, ingestion, processed] = BUCKETS.exec(address) ?? [];
  if (ingestion !== undefined && processed !== undefined) {
    // In one bucket both logs of manifests would have the same keys.
    if (ingestion === processed) throw new UsageError(`lake ${address}: one bucket twice; name two different buckets`);
    const client = createS3Client();
    return {
      ingestion: openS3Store({ bucket: ingestion, client }),
      processed: openS3Store({ bucket: processed, client }),
    };
  }
  if (address.trim() === '' || address.includes('\0') || SCHEME.test(address)) {
    throw new UsageError(
      `lake ${JSON.stringify(address)}: not an address; give a folder, or s3://ingestion-bucket,s3://processed-bucket`,
    );
  }
  return {
    ingestion: openFolderStore(join(address, 'ingestion')),
    processed: openFolderStore(join(address, 'processed')),
  };
}
