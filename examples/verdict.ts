// Runs commands that nobody trusts, and says what became of each; then looks into a container that runs. verdict.mjs and
// verdict.cjs are the first half in JavaScript.
//
//   node examples/verdict.ts     with Node 24 or newer, as it is; with older ones, after tsc
import { text } from 'node:stream/consumers';
import { type RunOptions, type RunResult, LaunchError, isContainerError, run, spawn } from 'corral';

const submissions: Readonly<Record<string, readonly string[]>> = {
  right: ['sh', '-c', 'echo 42'],
  wrong: ['sh', '-c', 'exit 3'],
  endless: ['sleep', '1000'],
  hungry: ['tail', '/dev/zero'],
  misspelt: ['ehco', '42'],
};

// `satisfies`: a misspelt limit does not compile, and the values keep their own types.
const limits = { memory: '64M', pids: 32, net: 'none', readOnly: true } satisfies RunOptions;

for (const [name, command] of Object.entries(submissions)) console.log(`${name}: ${await judge(command)}`);

{
  // Killed at the end of this block, however it is left.
  await using box = await spawn(['sleep', '1000'], { ...limits, hostname: 'inside' });
  const look = await box.exec(['hostname']);
  // A stream is null unless it is a pipe, which standard output is by default.
  if (look.stdout !== null) console.log(`exec: ${(await text(look.stdout)).trim()}`);
}

async function judge(command: readonly string[]): Promise<string> {
  try {
    return describe(await run(command, { ...limits, timeout: 500 }));
  } catch (error) {
    // Whatever the command does is in the result; what is thrown is that it could not be started.
    if (error instanceof LaunchError) return `${error.code}, ${error.message} (step ${error.op})`;
    if (isContainerError(error)) return `${error.code}, ${error.message}`;
    throw error;
  }
}

function describe({ timedOut, oomKilled, signal, exitCode, stdout }: RunResult): string {
  if (timedOut) return 'out of time';
  if (oomKilled) return 'out of memory';
  if (signal !== null) return `killed by ${signal}`;
  return exitCode === 0 ? `said ${stdout.trim()}` : `exit code ${exitCode}`;
}
