/** The temporary tables of the model that is being loaded; they go with its transaction. */

/** The output rows that the batch brings, and those that wait in quarantine. */
export const STAGE = 'pg_temp.weir_stage';
/** Rows as texts, of which the values of some fit into no column of the stage. */
export const TEXTS = 'pg_temp.weir_texts';
/** The keys that are still there, where the batch lists them. */
export const KEYS = 'pg_temp.weir_keys';
/** The source rows that broke the model. */
export const BAD_ROWS = 'pg_temp.weir_bad_rows';
