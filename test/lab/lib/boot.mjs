// Boots a guest, runs one command in it, and waits for its end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openChannels } from './channels.mjs';
import { CHANNELS, qemuCommand, umlCommand } from './engines.mjs';
import { buildInitramfs } from './initramfs.mjs';
import { PROJECT_IN_GUEST } from './project.mjs';
import { parseResult } from './result.mjs';
import { formatAssignments } from './shell.mjs';

const KILL_AFTER_MS = 3000;

/**
 * What is asked of a guest.
 *
 * @typedef {object} Job
 * @property {import('../guests.mjs').Guest} guest
 * @property {import('./setup.mjs').Parts} parts
 * @property {string} project ext4 image of the project
 * @property {string} command for bash
 * @property {string} [as]
 * @property {number} memoryMiB
 * @property {number} timeoutSeconds boot and command together
 * @property {(chunk: Buffer) => void} stdout
 * @property {(chunk: Buffer) => void} stderr
 * @property {AbortSignal} [signal] ends the guest
 * @property {string} [disk] a root file system of its own, which keeps what the guest writes
 * @property {AbortSignal} [powerLoss] takes the power away from it
 *
 * @typedef {object} Outcome
 * @property {'exited' | 'timed-out' | 'aborted' | 'no-status'} end
 * @property {number} status of the command; meaningless unless it exited
 * @property {string} result what the command has put into `$LAB_RESULT`
 * @property {string} console what the guest's kernel has said
 * @property {number} seconds
 */

/**
 * @param {Job} job
 * @returns {Promise<Outcome>}
 */
export async function boot(job) {
  const scratch = mkdtempSync(join(tmpdir(), 'corral-lab-'));
  try {
    return await bootIn(scratch, job);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** @param {string} scratch @param {Job} job @returns {Promise<Outcome>} */
async function bootIn(scratch, job) {
  const { guest, parts } = job;
  const start = performance.now();
  const initramfs = join(scratch, 'initramfs');
  writeFileSync(initramfs, buildInitramfs(parts, formatConfig(job), formatScript(job.command)));
  const machine = {
    ...{ cache: parts.engine, project: job.project, initramfs, scratch, kernel: parts.kernel },
    ...{ image: job.disk ?? parts.root, isKept: job.disk !== undefined },
    ...{ memoryMiB: job.memoryMiB, boot: guest.boot },
  };
  const { file, args, env } =
    guest.engine === 'uml'
      ? umlCommand({ ...machine, shim: parts.shim, memoryDir: selectMemoryDir(job.memoryMiB, scratch) })
      : qemuCommand(machine);

  const channels = await openChannels(scratch, CHANNELS);
  const writers = [...channels.values()].map(({ writer }) => writer);
  const console = channels.get('console')?.writer ?? 'ignore';
  // A group of its own: user-mode Linux is many processes, and a Ctrl-C at the terminal is for the lab to handle.
  const engine = spawn(file, args, {
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', console, console, ...writers],
  });
  for (const channel of channels.values()) channel.closeWriter();

  /** @type {Record<string, Buffer[]>} */
  const kept = { console: [], result: [] };
  const takers = { out: job.stdout, err: job.stderr };
  const reading = [...channels].map(([name, channel]) =>
    channel.read(takers[name] ?? ((chunk) => kept[name].push(chunk))),
  );
  const end = await waitForEnd(engine, job);
  await Promise.all(reading);

  const result = parseResult(Buffer.concat(kept['result']).toString());
  return {
    end: end === 'exited' && result === undefined ? 'no-status' : end,
    status: result?.status ?? 125,
    result: result?.text ?? '',
    console: Buffer.concat(kept['console']).toString().replaceAll('\r\n', '\n'),
    seconds: (performance.now() - start) / 1000,
  };
}

/** A login leads to a home, and Debian's gives other people than root no sbin. @param {string} command */
function formatScript(command) {
  return `cd ${PROJECT_IN_GUEST} || exit\nexport PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n${command}\n`;
}

/** @param {Job} job */
function formatConfig({ guest, as }) {
  return formatAssignments({
    LAB_ENGINE: guest.engine,
    LAB_BOOT: guest.boot,
    LAB_CGROUPS: guest.cgroups,
    LAB_NSDELEGATE: guest.nsdelegate ? 'yes' : 'no',
    LAB_AS: as ?? guest.as,
  });
}

/**
 * Waits until the engine is gone, and ends it when its time is over or nobody wants it any more.
 *
 * @param {import('node:child_process').ChildProcess} engine
 * @param {Job} job
 * @returns {Promise<'exited' | 'timed-out' | 'aborted'>}
 */
async function waitForEnd(engine, { timeoutSeconds, signal, powerLoss }) {
  powerLoss?.addEventListener('abort', () => signalGroup(engine, 'SIGKILL'), { once: true });
  const expired = AbortSignal.timeout(timeoutSeconds * 1000);
  const stop = AbortSignal.any(signal === undefined ? [expired] : [expired, signal]);
  let kill;
  const onStop = () => {
    signalGroup(engine, 'SIGTERM');
    kill = setTimeout(() => signalGroup(engine, 'SIGKILL'), KILL_AFTER_MS);
  };
  if (stop.aborted) onStop();
  else stop.addEventListener('abort', onStop, { once: true });
  try {
    await once(engine, 'exit');
    // What it may have left: the processes in which user-mode Linux runs those of the guest.
    signalGroup(engine, 'SIGKILL');
  } finally {
    clearTimeout(kill);
    stop.removeEventListener('abort', onStop);
  }
  if (!stop.aborted) return 'exited';
  return expired.aborted ? 'timed-out' : 'aborted';
}

/** @param {import('node:child_process').ChildProcess} engine @param {NodeJS.Signals} name */
function signalGroup({ pid }, name) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/**
 * User-mode Linux keeps the guest's memory in a file, best in one that is memory itself; in a container, /dev/shm may be
 * smaller than the guest.
 *
 * @param {number} memoryMiB
 * @param {string} otherwise
 */
function selectMemoryDir(memoryMiB, otherwise) {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm');
    return bavail * bsize > memoryMiB * 2 ** 20 ? '/dev/shm' : otherwise;
  } catch {
    return otherwise;
  }
}
