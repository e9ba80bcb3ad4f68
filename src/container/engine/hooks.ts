import { closeSync, fstatSync, readSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { HookError } from '../../errors/hook-error.js';
import { addon } from '../../native/addon.js';
import { call } from '../../native/call.js';
import type { WaitResult } from '../../native/addon.js';
import type { Step } from '../../plan/steps.js';
import type { EngineState } from '../../spec/state.js';
import type { Hook, Hooks } from '../../spec/hooks.js';
import { UndoStack } from '../../util/undo.js';
import { signalName } from '../../util/signals.js';
import { describeEnd } from '../hook-failure.js';
import { type LaunchedProcess, launchProcess } from '../launch.js';

/** Hooks that run in the runtime's namespaces, and so are run by it, and whose failure is one of what they belong to. */
type RuntimeHooks = Exclude<keyof Hooks, 'createContainer' | 'startContainer' | 'poststop'>;

/**
 * Runs the hooks of one kind, one after the other, each with the state on its standard input.
 *
 * @throws HookError for the first that fails, or takes longer than it may
 * @see runtime-spec 1.3.0, config.md "POSIX-platform Hooks"
 */
export async function runHooks(kind: RuntimeHooks, hooks: Hooks | undefined, state: EngineState): Promise<void> {
  for (const [index, hook] of (hooks?.[kind] ?? []).entries()) await runHook(`${kind}[${String(index)}]`, hook, state);
}

/**
 * Runs the hooks for what comes after the end: one that fails keeps none of the others from running, and nothing from being over.
 *
 * @returns why some have failed
 * @see runtime-spec 1.3.0, runtime.md "Lifecycle", step 13
 */
export async function runPoststop(hooks: Hooks | undefined, state: EngineState): Promise<readonly HookError[]> {
  const failures: HookError[] = [];
  for (const [index, hook] of (hooks?.poststop ?? []).entries()) {
    try {
      await runHook(`poststop[${String(index)}]`, hook, state);
    } catch (error) {
      if (!(error instanceof HookError)) throw error;
      failures.push(error);
    }
  }
  return failures;
}

async function runHook(name: string, hook: Hook, state: EngineState): Promise<void> {
  const undo = new UndoStack();
  const open = (text: string): number => {
    const fd = memoryFile(text);
    undo.push('close memfd', () => {
      closeSync(fd);
    });
    return fd;
  };
  try {
    const output = open('');
    const streams = { stdin: open(JSON.stringify(state)), stdout: output, stderr: output };
    const plan = { clone: { flags: [] }, content: () => ({ fds: STREAMS, steps: compileHook(hook) }) };
    const launched = await launchProcess(plan, { undo, streams }, { join: () => undefined }).catch((cause: unknown) => {
      throw new HookError(name, hook.path, cause instanceof Error ? cause.message : String(cause), { cause });
    });
    const ended = await awaitHook(launched, hook.timeout);
    if (ended === undefined) {
      throw new HookError(name, hook.path, `no end after ${String(hook.timeout)} s`, { output: readEnd(output) });
    }
    if (ended.exitCode !== 0)
      throw new HookError(name, hook.path, describeEnd(named(ended)), { output: readEnd(output) });
  } finally {
    await undo.unwind();
  }
}

const STREAMS = [
  { slot: 'report', kind: 'report' },
  ...(['stdin', 'stdout', 'stderr'] as const).map((stream) => ({ slot: stream, kind: 'stream', stream }) as const),
] as const;

function compileHook({ path, args = [], env = [] }: Hook): readonly Step[] {
  return [
    // A session, and so a group, of its own: it is killed with what it has started.
    { op: 'new-session' },
    { op: 'set-standard-streams', stdin: 'stdin', stdout: 'stdout', stderr: 'stderr' },
    { op: 'find-executable', file: path, path: '' },
    { op: 'close-descriptors', first: 3 },
    { op: 'exec', argv: args.length === 0 ? [path] : args, environment: env },
  ];
}

/** @returns `undefined` when it has not ended in time, and was killed */
async function awaitHook(
  { pid, pidfd }: LaunchedProcess,
  timeout: number | undefined,
): Promise<WaitResult | undefined> {
  const ended = pidfd.wait();
  if (timeout === undefined) return ended;
  const over = new AbortController();
  try {
    const result = await Promise.race([
      ended,
      delay(timeout * 1000, undefined, { signal: over.signal }).catch(() => undefined),
    ]);
    if (result === undefined) {
      killGroup(pid);
      await ended;
    }
    return result;
  } finally {
    over.abort();
  }
}

function killGroup(pid: number): void {
  try {
    // Its leader has not been waited for: the number is nobody else's.
    // eslint-disable-next-line no-restricted-syntax
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended at this moment.
  }
}

function named({ exitCode, signal }: WaitResult): Parameters<typeof describeEnd>[0] {
  return { exitCode, signal: signal === null ? null : signalName(signal) };
}

function memoryFile(text: string): number {
  const fd = call('make memfd for hook', () => addon.memfdCreate({ name: 'corral-hook', executable: false }));
  const bytes = Buffer.from(text);
  // At a position: the offset is shared, and the hook reads from the beginning.
  if (bytes.length > 0) writeSync(fd, bytes, 0, bytes.length, 0);
  return fd;
}

const MOST = 2048;

function readEnd(fd: number): string {
  const { size } = fstatSync(fd);
  const bytes = Buffer.alloc(Math.min(size, MOST));
  readSync(fd, bytes, 0, bytes.length, size - bytes.length);
  return bytes.toString().trim();
}
