import { spawn } from 'node:child_process';
import { closeSync, constants, existsSync, openSync } from 'node:fs';
import { join } from 'node:path/posix';
import type { Readable } from 'node:stream';
import { ConnectionError } from '../../errors/api-error.js';
import { PACKAGE_ROOT } from '../../native/locate.js';
import { restoreError } from './restore-error.js';

/** How a supervisor is started. */
export interface StartOptions {
  readonly stateDir: string | undefined;
  /** The words of the program. @default this package's `corral supervise --on-demand` */
  readonly program?: readonly string[];
  /** Milliseconds after which one that says nothing has failed. */
  readonly timeoutMs?: number;
}

/**
 * What a supervisor that was started on demand writes to descriptor {@link READY_FD}, a line of JSON, before it closes that:
 * `{"ready":true}` once its socket is there, or another's is; or the body of an error.
 */
export const READY_FD = 3;

const TIMEOUT_MS = 30_000;

/**
 * Starts a supervisor that outlives this process, and waits until it can be asked. Where somebody else starts one at the same time,
 * one of the two finds that out, and is gone.
 *
 * @throws what the supervisor could not start for; ConnectionError when it says nothing
 */
export async function startSupervisor({ stateDir, program, timeoutMs = TIMEOUT_MS }: StartOptions): Promise<void> {
  const [command = process.execPath, ...words] = program ?? [process.execPath, findProgram()];
  const flags = stateDir === undefined ? [] : ['--state-dir', stateDir];
  const silence = openSync('/dev/null', constants.O_RDWR);
  const child = spawn(command, [...words, 'supervise', '--on-demand', ...flags], {
    // No directory is held, and no terminal: it is nobody's child for long.
    cwd: '/',
    detached: true,
    stdio: [silence, silence, silence, 'pipe'],
  });
  closeSync(silence);
  child.unref();
  const said = child.stdio[READY_FD] as Readable;
  const failed = new Promise<never>((_, reject) => {
    child.once('error', (error) => reject(new ConnectionError(`start supervisor: ${error.message}`, { cause: error })));
  });
  const timer = setTimeout(() => said.destroy(), timeoutMs);
  try {
    checkReady(await Promise.race([readWord(said), failed]), timeoutMs);
  } finally {
    clearTimeout(timer);
    said.destroy();
  }
}

function findProgram(): string {
  const path = join(PACKAGE_ROOT, 'dist/cli/corral.cjs');
  if (existsSync(path)) return path;
  throw new ConnectionError(`start supervisor: ${path} is not there`, { hint: 'build it: npm run build' });
}

async function readWord(said: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of said as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      if (chunk.includes(NEWLINE)) break;
    }
  } catch {
    // Its time was up.
  }
  return Buffer.concat(chunks).toString('utf8');
}

const NEWLINE = 10;

function checkReady(word: string, timeoutMs: number): void {
  if (word === '') {
    throw new ConnectionError(`start supervisor: it has ended, or said nothing within ${String(timeoutMs / 1000)} s`, {
      hint: 'see what it says: corral supervise',
    });
  }
  const body: unknown = JSON.parse(word);
  if (typeof body === 'object' && body !== null && 'ready' in body) return;
  throw restoreError(body);
}
