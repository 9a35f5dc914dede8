/** Gives Jest the very text that Node runs: types become blanks, so that every line and column of the coverage is that of the source. */
import { stripTypeScriptTypes } from 'node:module';

// biome-ignore lint/style/noDefaultExport: Jest asks for one
export default {
  process: (source) => ({ code: stripTypeScriptTypes(source) }),
};
