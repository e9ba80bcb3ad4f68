import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { TIME_SCALE } from '../helpers/scale.js';

/** A daemon of a test's own. */
export interface Daemon {
  /** What it has written so far, to both streams. */
  readonly log: () => string;
  /** Ends it, and waits for that. */
  readonly stop: () => Promise<void>;
}

const START_MS = 20_000;
const STOP_MS = 15_000;

/**
 * Starts a daemon, and waits until it answers. It dies with this process, however that dies.
 *
 * @param logFile - gets both of its streams
 * @param answers - tells whether it does
 * @throws with the end of its log, when it ends or does not answer in time
 */
export async function startDaemon(words: readonly string[], logFile: string, answers: () => boolean): Promise<Daemon> {
  const fd = openSync(logFile, 'a');
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', ...words], { stdio: ['ignore', fd, fd] });
  closeSync(fd);
  const log = (): string => readFileSync(logFile, 'utf8');
  const deadline = performance.now() + START_MS * TIME_SCALE;
  while (!answers()) {
    const ended = hasEnded(child);
    if (ended || performance.now() > deadline) {
      await stop(child);
      throw new Error(`${words[0] ?? ''} ${ended ? 'has ended' : 'does not answer'}: ${log().slice(-2000)}`);
    }
    await delay(50);
  }
  return { log, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const hurry = setTimeout(() => child.kill('SIGKILL'), STOP_MS * TIME_SCALE);
  await ended;
  clearTimeout(hurry);
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
