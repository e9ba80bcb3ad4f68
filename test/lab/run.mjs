// npm run lab -- GUEST [options] -- COMMAND
import { RUN_USAGE, parseRun } from './lib/arguments.mjs';
import { Lab } from './lib/lab.mjs';
import { formatCommand } from './lib/shell.mjs';

/** Enough for the trace of a panic, and what was before it. */
const CONSOLE_LINES = 60;
const EXIT = { usage: 2, timedOut: 124, noStatus: 125, aborted: 130 };

const options = readOptions();
const lab = new Lab((line) => console.error(`lab: ${line}`));
try {
  process.exitCode = await run();
} catch (error) {
  console.error(`lab: ${error.message}`);
  process.exitCode = EXIT.noStatus;
} finally {
  lab.close();
}

async function run() {
  const outcome = await lab.run({
    ...options,
    command: options.check ? formatCheck(options.guest.facts) : formatCommand(options.command),
    stdout: (chunk) => process.stdout.write(chunk),
    stderr: (chunk) => process.stderr.write(chunk),
  });
  if (outcome.end === 'exited') return outcome.status;
  if (outcome.end === 'aborted') return EXIT.aborted;
  const late = outcome.end === 'timed-out';
  console.error(
    `lab: ${late ? `not in ${options.timeoutSeconds} s` : 'the guest has ended first'}; the end of its console:`,
  );
  console.error(outcome.console.split('\n').slice(-CONSOLE_LINES).join('\n'));
  return late ? EXIT.timedOut : EXIT.noStatus;
}

/** Prints each fact, and fails when one is not so. */
function formatCheck(facts) {
  const lines = facts.map((fact) => {
    const say = (word) => formatCommand(['echo', `${word}  ${fact}`]);
    return `if { ${fact}; } >/dev/null; then ${say('ok ')}; else ${say('NOT')}; failed=1; fi`;
  });
  return `${lines.join('\n')}\nexit \${failed:-0}\n`;
}

function readOptions() {
  try {
    return parseRun(process.argv.slice(2));
  } catch (error) {
    console.error(`lab: ${error.message}\n\n${RUN_USAGE}`);
    return process.exit(EXIT.usage);
  }
}
