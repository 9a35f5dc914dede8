/** Ends a run with one plain line that a machine can read: `N passed, N failed`. */
// biome-ignore lint/style/noDefaultExport: Jest asks for one
export default class CountReporter {
  onRunComplete(_contexts, { numPassedTests, numFailedTests, numRuntimeErrorTestSuites }) {
    const failed = numFailedTests + numRuntimeErrorTestSuites; // a file that does not even load counts as one failure
    process.once('exit', () => process.stdout.write(`${numPassedTests} passed, ${failed} failed\n`)); // after Jest's own summary
  }
}
