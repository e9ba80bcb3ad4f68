import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createCases } from './bundle/cases.js';
import { type Ended, type Report, Tally } from './bundle/report.js';
import { isThrowAway, sandboxCommand, workerCommand } from './bundle/sandbox.js';

// Really runs config.json files with something wrong in them, thousands of them: each either runs, or is refused with a clear
// error and exit code 1, and leaves nothing behind.
//
//   npm run fuzz:bundle -- --runs 20000 --seed 1     in containers of corral's
//   npm run fuzz:bundle -- --seed 1 --only 4711      that one again
//   npm run fuzz:bundle -- --commands                command lines of corral-oci instead
//   npm run fuzz:bundle -- --here                    in this machine, which is thrown away: a guest of the lab
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Date.now() % 1e9) },
    only: { type: 'string' },
    batch: { type: 'string', default: '250' },
    program: { type: 'string', default: '20' },
    here: { type: 'boolean', default: false },
    commands: { type: 'boolean', default: false },
  },
});
if (values.here && !isThrowAway()) throw new Error('--here is for machines that are thrown away; sandbox.ts says why');

/** Without a word for as long, a worker hangs. */
const SILENCE_MS = 60_000;
const WORKER = process.env['CORRAL_FUZZ_WORKER'] ?? '';
const seed = Number(values.seed);
const cases = createCases(seed);
const tally = new Tally();
const findings: string[] = [];
const begin = performance.now();
const stopping = new AbortController();
const STOPS = ['SIGINT', 'SIGTERM'] as const;
for (const signal of STOPS) process.once(signal, () => stopping.abort());

const [first, end] =
  values.only === undefined ? [0, Number(values.runs)] : [Number(values.only), Number(values.only) + 1];
for (let next = first; next < end && !stopping.signal.aborted;) {
  const last = Math.min(end, next + Number(values.batch));
  next = await runBatch(next, last);
  console.log(`${String(tally.total)} of ${String(end - first)}, ${((performance.now() - begin) / 1000).toFixed(0)} s`);
}
console.log(`seed ${values.seed}: ${tally.format((performance.now() - begin) / 1000)}`);
for (const finding of findings) console.log(finding);
process.exitCode = findings.length > 0 ? 1 : 0;

/** Runs cases until one breaks something. @returns the first that has not been run */
async function runBatch(from: number, to: number): Promise<number> {
  const args = ['--seed', values.seed, '--from', String(from), '--to', String(to), '--program', values.program];
  const command = workerCommand(WORKER, values.commands ? [...args, '--commands'] : args);
  const state = mkdtempSync(join(tmpdir(), 'corral-fuzz-'));
  const [file = '', ...rest] = values.here
    ? command
    : sandboxCommand(`fuzz-${String(process.pid)}-${String(from)}`, command);
  const child = spawn(file, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group, so that it can be ended with what it has started.
    detached: true,
    env: { ...process.env, CORRAL_STATE_DIR: state },
  });
  try {
    return await follow(child, from, to);
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}

async function follow(child: ChildProcess, from: number, to: number): Promise<number> {
  let begun: number | undefined;
  let ended = from - 1;
  let stderr = '';
  const kill = (): void => {
    endGroup(child);
  };
  let timer = setTimeout(kill, SILENCE_MS);
  for (const signal of STOPS) process.on(signal, kill);
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  for await (const line of createInterface({ input: child.stdout! })) {
    clearTimeout(timer);
    timer = setTimeout(kill, SILENCE_MS);
    const said = JSON.parse(line) as Report;
    if ('begins' in said) begun = said.begins;
    else {
      ended = said.index;
      judge(said);
    }
  }
  clearTimeout(timer);
  const [code, signal] = await closed;
  for (const stop of STOPS) process.off(stop, kill);
  if (stopping.signal.aborted) return to;
  if (begun === undefined) throw new Error(`the worker has not begun: ${stderr}`);
  if (ended >= begun && (code === 0 || ended === to - 1)) return ended + 1;
  note(begun, `the worker has ended with ${String(code ?? signal)}: ${stderr}`);
  return begun + 1;
}

// `corral run` hands the signal on, and ends with its container; where it does not, that dies with it.
function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  process.kill(-pid, values.here ? 'SIGKILL' : 'SIGTERM');
  setTimeout(() => {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }, 10_000).unref();
}

function judge(ended: Ended): void {
  tally.add(ended);
  if (values.only !== undefined) console.log(ended);
  if (ended.outcome === 'finding') note(ended.index, `${ended.detail}\n${ended.message ?? ''}`);
  if (ended.leaks.length > 0)
    note(ended.index, `left behind (${ended.outcome}, ${ended.message ?? ended.detail}):\n${ended.leaks.join('\n')}`);
}

function note(index: number, what: string): void {
  const file = fileURLToPath(new URL(`../../fuzz-finding-${values.seed}-${String(index)}.json`, import.meta.url));
  if (!values.here && !values.commands) writeFileSync(file, cases.make(index).source);
  const text = `FINDING: seed ${values.seed}, case ${String(index)}: ${what}`;
  console.log(text);
  const mode = values.commands ? '--commands ' : '';
  findings.push(`again: npm run fuzz:bundle -- ${mode}--seed ${values.seed} --only ${String(index)}`);
}
