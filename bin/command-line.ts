/** The operator's command line; `weir --help` says what it can do. Exit codes: 0 done, 1 failed, 2 misused. */
import { Command } from 'commander';
import weir from '../package.json' with { type: 'json' };
import { addDemo } from './commands/demo.ts';
import { addQuarantine } from './commands/quarantine.ts';
import { addRebuild } from './commands/rebuild.ts';
import { addReport } from './commands/report.ts';
import { addRun } from './commands/run.ts';
import { addStatus } from './commands/status.ts';
import { addVerify } from './commands/verify.ts';
import { addWatch } from './commands/watch.ts';
import { reportFailure, withoutPasswords } from './terminal/failure.ts';

const program = new Command('weir')
  .description('Carries every change of a PostgreSQL source through a lake into a star-schema warehouse, exactly.')
  .version(weir.version)
  .exitOverride()
  .showHelpAfterError()
  .configureOutput({
    outputError: (text, write) => write(withoutPasswords(text.replace(/^error:/, 'weir:'))),
  })
  .addHelpText('after', '\nExit code: 0 done, 1 failed, 2 misused. WEIR_DEBUG=1 adds a stack trace to errors.');
for (const add of [addRun, addWatch, addStatus, addVerify, addQuarantine, addRebuild, addReport, addDemo]) add(program);

// A reader that has seen enough, as `weir status | head -1`, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = reportFailure(error);
}
