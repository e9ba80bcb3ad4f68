// Runs one piece of the integration tests, in a guest or on this machine.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findGuest } from '../guests.mjs';
import { HOST } from '../suites.mjs';
import { PROJECT } from './project.mjs';
import { formatCommand } from './shell.mjs';
import { tallyPiece } from './tally.mjs';

/** Of a test that hangs, vitest itself says so; this is for what hangs around it. */
const HOST_SECONDS = 1200;
const GRACE_SECONDS = 15;
const MEMORY_MIB = 2048;

/**
 * @param {import('./lab.mjs').Lab} lab
 * @param {import('./pieces.mjs').Piece} piece
 * @param {string} log where the output goes
 * @returns {Promise<{ tally: import('./tally.mjs').Tally, seconds: number }>}
 */
export async function runPiece(lab, piece, log) {
  const output = createWriteStream(log);
  try {
    return piece.host === HOST ? await runHere(piece, output) : await runInGuest(lab, piece, output);
  } finally {
    output.end();
  }
}

/** @param {import('./lab.mjs').Lab} lab @param {import('./pieces.mjs').Piece} piece @param {import('node:fs').WriteStream} output */
async function runInGuest(lab, { host, files }, output) {
  const guest = findGuest(host);
  const outcome = await lab.run({
    guest,
    command: formatCommand([
      ...['env', 'CI=true', `CORRAL_TEST_TIMEOUT_SCALE=${guest.timeScale}`, ...guest.delegate],
      // The guest ends the tests before the lab ends the guest, and what they have said until then comes out.
      ...['timeout', '--kill-after=5', String(guest.pieceSeconds), ...testCommand('node', files)],
    ]),
    memoryMiB: MEMORY_MIB,
    timeoutSeconds: guest.pieceSeconds + guest.bootSeconds + GRACE_SECONDS,
    stdout: (chunk) => output.write(chunk),
    stderr: (chunk) => output.write(chunk),
  });
  output.write(`\n--- console\n${outcome.console}`);
  return {
    tally: tallyPiece(outcome.result, files, describeEnd(outcome, guest.pieceSeconds)),
    seconds: outcome.seconds,
  };
}

/** @param {import('./pieces.mjs').Piece} piece @param {import('node:fs').WriteStream} output */
async function runHere({ files }, output) {
  const scratch = mkdtempSync(join(tmpdir(), 'corral-lab-host-'));
  const result = join(scratch, 'result');
  const start = performance.now();
  try {
    const [file, ...args] = testCommand(process.execPath, files);
    const child = spawn('timeout', ['--kill-after=5', String(HOST_SECONDS), file, ...args], {
      cwd: PROJECT,
      env: { ...process.env, LAB_RESULT: result },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) stream.pipe(output, { end: false });
    const [code] = await once(child, 'close');
    const ending = code === 124 ? `its ${HOST_SECONDS} s were over` : `exit ${code}`;
    return { tally: tallyPiece(readResult(result), files, ending), seconds: (performance.now() - start) / 1000 };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** @param {string} node @param {readonly string[]} files */
function testCommand(node, files) {
  const paths = files.map((file) => `test/integration/${file}`);
  return [node, 'node_modules/vitest/vitest.mjs', 'run', '--project', 'integration', ...paths];
}

/** @param {import('./boot.mjs').Outcome} outcome @param {number} seconds */
function describeEnd({ end, status }, seconds) {
  if (end === 'timed-out' || (end === 'exited' && status === 124)) return `its ${seconds} s were over`;
  if (end === 'exited') return `exit ${status}`;
  return end === 'aborted' ? 'somebody has ended the lab' : 'the guest has ended first';
}

/** @param {string} path */
function readResult(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
