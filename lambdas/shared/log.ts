/** What a stage says while it works. Powertools' Logger is one; the command line has another. */
export interface Log {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** The same log, with these fields in every line. */
export function withFields(log: Log, always: Readonly<Record<string, unknown>>): Log {
  return {
    info: (message, fields) => log.info(message, { ...always, ...fields }),
    warn: (message, fields) => log.warn(message, { ...always, ...fields }),
  };
}
