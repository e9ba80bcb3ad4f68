// Runs commands that nobody trusts, one after the other, and says what became of each. CommonJS; verdict.mjs is the same as
// an ES module, verdict.ts in TypeScript.
//
//   node examples/verdict.cjs
const { isContainerError, run } = require('corral');

const submissions = {
  right: ['sh', '-c', 'echo 42'],
  wrong: ['sh', '-c', 'exit 3'],
  endless: ['sleep', '1000'],
  hungry: ['tail', '/dev/zero'],
  misspelt: ['ehco', '42'],
};

/** @type {import('corral').RunOptions} */
const limits = { memory: '64M', pids: 32, timeout: 500, net: 'none', readOnly: true };

main();

async function main() {
  for (const [name, command] of Object.entries(submissions)) console.log(`${name}: ${await judge(command)}`);
}

/** @param {readonly string[]} command */
async function judge(command) {
  try {
    return describe(await run(command, limits));
  } catch (error) {
    // Whatever the command does is in the result; what is thrown is that it could not be started.
    if (isContainerError(error)) return `${error.code}, ${error.message}`;
    throw error;
  }
}

/** @param {import('corral').RunResult} result */
function describe({ timedOut, oomKilled, signal, exitCode, stdout }) {
  if (timedOut) return 'out of time';
  if (oomKilled) return 'out of memory';
  if (signal !== null) return `killed by ${signal}`;
  return exitCode === 0 ? `said ${stdout.trim()}` : `exit code ${exitCode}`;
}
