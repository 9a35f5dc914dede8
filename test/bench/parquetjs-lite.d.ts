/** The slice of parquetjs-lite that the benchmark uses; the package brings no types. */
declare module 'parquetjs-lite' {
  export class ParquetSchema {
    constructor(fields: Readonly<Record<string, { type: string }>>);
  }
  export class ParquetWriter {
    static openFile(schema: ParquetSchema, path: string): Promise<ParquetWriter>;
    appendRow(row: Readonly<Record<string, unknown>>): Promise<void>;
    close(): Promise<void>;
  }
}
