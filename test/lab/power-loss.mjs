// npm run lab:power-loss: containers that are left to the supervisor, in a guest whose power goes, and what becomes of them.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { GUESTS } from './guests.mjs';
import { parseNames } from './lib/arguments.mjs';
import { command } from './lib/command.mjs';
import { Lab } from './lib/lab.mjs';
import { formatCommand } from './lib/shell.mjs';
import { CUT } from './power/containers.mjs';

const USAGE = `usage: npm run lab:power-loss -- [--guest NAME,...]`;
/** One where the first command brings everything back, one where root's systemd does, one where a user's does. */
const USUAL = ['v2', 'systemd', 'rootless'];
const SECONDS = 300;
const MEMORY_MIB = 2048;
const CONSOLE_LINES = 40;

const names = readNames();
const lab = new Lab((line) => console.error(`lab: ${line}`));
const scratch = mkdtempSync(join(tmpdir(), 'corral-lab-disk-'));
try {
  for (const name of names) if (!(await losePower(name))) process.exitCode = 1;
} catch (error) {
  console.error(`lab: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
  lab.close();
}

/** @param {string} name @returns whether all is as it should be */
async function losePower(name) {
  const guest = GUESTS[name];
  const disk = await makeDisk(name, guest);
  const job = { guest, disk, memoryMiB: MEMORY_MIB, timeoutSeconds: SECONDS + guest.bootSeconds };
  const script = (/** @type {string} */ file) =>
    formatCommand(['env', `CORRAL_TEST_TIMEOUT_SCALE=${guest.timeScale}`, 'node', `test/lab/power/${file}`]);
  const power = new AbortController();
  let said = '';
  const before = await lab.run({
    ...job,
    command: script('before.mjs'),
    powerLoss: power.signal,
    stdout: (chunk) => {
      said += chunk.toString();
      if (said.split('\n').includes(CUT)) power.abort();
    },
    stderr: (chunk) => process.stderr.write(chunk),
  });
  if (!power.signal.aborted) return fail(name, `it did not come to the loss: ${said}`, before.console);
  const after = await lab.run({
    ...job,
    command: script('after.mjs'),
    stdout: (chunk) => process.stdout.write(chunk),
    stderr: (chunk) => process.stderr.write(chunk),
  });
  if (after.end !== 'exited' || after.status !== 0) return fail(name, `${after.end} ${after.status}`, after.console);
  console.log(`${name}: everything is as it should be`);
  return true;
}

/** A root file system with a journal, as people have it: after a loss of power the lab's own would be in no defined state. */
async function makeDisk(/** @type {string} */ name, /** @type {import('./guests.mjs').Guest} */ { engine }) {
  const disk = join(scratch, `${name}.ext4`);
  copyFileSync((await lab.prepare(engine)).root, disk);
  await command('tune2fs', ['-j', disk]);
  return disk;
}

function fail(/** @type {string} */ name, /** @type {string} */ why, /** @type {string} */ text) {
  console.error(`${name}: FAILED: ${why}\n${text.split('\n').slice(-CONSOLE_LINES).join('\n')}`);
  return false;
}

function readNames() {
  try {
    const { values } = parseArgs({ options: { guest: { type: 'string', multiple: true } } });
    return values.guest === undefined ? USUAL : parseNames('--guest', values.guest, Object.keys(GUESTS));
  } catch (error) {
    console.error(`lab: ${error.message}\n\n${USAGE}`);
    return process.exit(2);
  }
}
