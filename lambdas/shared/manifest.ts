/** What a batch is: the two kinds of manifest, as written to and read from the lake. */
import { z } from 'zod';

/** Transaction ids are 64 bit wide: they travel as text and are computed with as BigInt. */
const xid = z.string().regex(/^\d+$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();
const name = z.string().min(1);

const dataObject = z.strictObject({ key: z.string(), rows: count, bytes: count, sha256 });
/** A CSV object; `multiline` if a value of it holds a line break, so that lines are not rows. */
const csvObject = dataObject.extend({ multiline: z.boolean() });
const column = z.strictObject({ name, type: z.string() });

/** Inclusive ranges of an integer key whose present keys are listed; `all` where the list covers the whole table. */
const keyRanges = z.union([z.literal('all'), z.array(z.tuple([z.string(), z.string()]))]);
const keyList = csvObject.extend({ ranges: keyRanges });

/** How the rows of an object relate to the table: every row, or those that changed since the batch before. */
const mode = z.enum(['whole', 'changes']);

const head = {
  format: z.literal(1),
  dataset: name,
  number: z.int().positive(),
  /** sha256 of the manifest before this one, so that a log cannot be mixed up with another. */
  previous: sha256.nullable(),
  capturedAt: z.iso.datetime(),
};

const serverIdentity = z.strictObject({
  systemIdentifier: z.string(),
  timeline: z.string(),
  startedAt: z.string(),
  inRecovery: z.boolean(),
  database: z.string(),
});

const capturedTable = z.strictObject({
  /** Rows in the table at the snapshot. */
  rows: count,
  /** Changes when the catalogue says that values may have changed without a new row version. */
  fingerprint: z.string(),
  columns: z.array(column),
  primaryKey: z.array(name),
  /** Key of the object with the key sums at this snapshot; null until a batch of changes needed them. */
  sums: z.string().nullable(),
  data: csvObject.extend({ mode }).nullable(),
  keys: keyList.nullable(),
});

export const ingestionManifest = z.strictObject({
  ...head,
  /** Which attempt wrote it: tells one writer's manifest from another's of the same number. */
  attempt: z.uuid(),
  /** From the start of the poll to the commit; earlier batches do not have it. */
  milliseconds: count.optional(),
  /** Why the batch reads what it reads, for people: `changes`, `first read`, `server restarted: full read`, … */
  cause: z.string(),
  server: serverIdentity,
  snapshot: z.string(),
  /** Where the next batch starts to read: the oldest transaction that was still open at the snapshot. */
  horizon: xid,
  nextXid: xid,
  /** Every model with the hash of its definition and the columns it gave from this catalogue. */
  models: z.record(name, z.strictObject({ definition: sha256, columns: z.array(column) })),
  /** The models that this batch gives anew. */
  affected: z.array(name),
  tables: z.record(name, capturedTable),
});

const columnProfile = z.strictObject({
  nulls: count,
  min: z.string().nullable(),
  max: z.string().nullable(),
});

const processedModel = z.strictObject({
  mode,
  columns: z.array(column),
  data: dataObject,
  keys: dataObject.extend({ ranges: keyRanges }).nullable(),
  quarantine: dataObject.nullable(),
  profile: z.strictObject({ distinctKeys: count, columns: z.record(name, columnProfile), milliseconds: count }),
});

export const processedManifest = z.strictObject({
  ...head,
  /** sha256 of the ingestion manifest that this is a function of. */
  ingestion: sha256,
  models: z.record(name, processedModel),
});

export type DataObject = z.infer<typeof dataObject>;
export type CsvObject = z.infer<typeof csvObject>;
export type Column = z.infer<typeof column>;
export type KeyRanges = z.infer<typeof keyRanges>;
export type KeyList = z.infer<typeof keyList>;
export type ServerIdentity = z.infer<typeof serverIdentity>;
export type CapturedTable = z.infer<typeof capturedTable>;
export type IngestionManifest = z.infer<typeof ingestionManifest>;
export type ProcessedModel = z.infer<typeof processedModel>;
export type ProcessedManifest = z.infer<typeof processedManifest>;
