import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Store } from '../../../src/container/store.js';
import { isContainerError } from '../../../src/errors/container-error.js';
import { run } from '../../../src/oci/verbs/run.js';
import type { Globals, VerbCall } from '../../../src/oci/verb.js';
import { checkContainerId } from '../../../src/spec/parse/name.js';
import type { Places } from './prepare.js';

/** How a config.json ended. */
export interface Ending {
  /** `finding`: neither ran, nor was refused as it should be. */
  readonly outcome: 'ran' | 'refused' | 'finding';
  /** The class of the error, or what is wrong. */
  readonly detail: string;
  readonly message?: string;
}

/** The name of every container. */
export const ID = 'box';

/** Does what `corral-oci run` does, in this process: the same verb, from the config.json to the last cgroup. */
export async function runHere({ bundle, state }: Places): Promise<Ending> {
  const ignore = (): undefined => undefined;
  const store = new Store(state, checkContainerId);
  const globals: Globals = { store, cgroupManager: 'cgroupfs', criu: 'criu', warn: ignore, debug: ignore };
  const call = { operands: [ID], flags: { bundle, pivot: true, newKeyring: true }, globals };
  try {
    const exitCode = await run.act(call as unknown as VerbCall<never>);
    return { outcome: 'ran', detail: `exit code ${String(exitCode)}` };
  } catch (error) {
    return judgeError(error);
  }
}

function judgeError(error: unknown): Ending {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (!isContainerError(error)) return { outcome: 'finding', detail: 'not an error of corral’s', message };
  const problem = judgeMessage(error.message);
  if (problem !== undefined) return { outcome: 'finding', detail: problem, message };
  const op = (error as { readonly op?: unknown }).op;
  return {
    outcome: 'refused',
    detail: typeof op === 'string' ? `${error.name} at ${op}` : error.name,
    message: error.message,
  };
}

/** A value is quoted, and shortened when it is long; a path or the output of a hook may be some kilobytes. */
const MOST_TEXT = 16_384;

/** Returns what is wrong with the words of an error. */
export function judgeMessage(message: string): string | undefined {
  if (message === '') return 'an error without words';
  if (message.length > MOST_TEXT) return 'an error of too many words';
  if (/\n\s+at .*[(:]\d+|TypeError|RangeError|is not a function|Cannot read prop|\[object /.test(message))
    return 'an error that is a mistake of the program';
  return undefined;
}

const PROGRAM = fileURLToPath(new URL('../../dist/cli/corral-oci.cjs', import.meta.url));

/** Runs the real program. @param timeoutMs - then it is killed, and `corral-oci delete --force` has to clear up */
export async function runProgram({ bundle, state }: Places, log: string, timeoutMs: number): Promise<Ending> {
  rmSync(log, { force: true });
  const flags = ['--root', state, '--log', log, '--log-format', 'json'];
  const ended = await start([...flags, 'run', '--bundle', bundle, ID], { timeoutMs });
  if (ended.late) {
    await start([...flags, 'delete', '--force', ID], { timeoutMs });
    return { outcome: 'ran', detail: 'killed after a time' };
  }
  const errors = readLog(log).filter(({ level }) => level === 'error');
  const last = errors.at(-1);
  if (last === undefined) {
    return ended.code === null
      ? { outcome: 'finding', detail: `the program was ended by ${String(ended.signal)}`, message: ended.stderr }
      : { outcome: 'ran', detail: `exit code ${String(ended.code)}` };
  }
  const problem = ended.code === 1 ? judgeMessage(last.msg) : `a refusal with the exit code ${String(ended.code)}`;
  if (problem !== undefined) return { outcome: 'finding', detail: problem, message: `${last.msg}\n${ended.stderr}` };
  if (!ended.stderr.includes(last.msg))
    return { outcome: 'finding', detail: 'a log that standard error does not say', message: ended.stderr };
  return { outcome: 'refused', detail: 'exit code 1', message: last.msg };
}

/** How the program has ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  readonly late: boolean;
}

/** Starts the program, and kills it when it takes too long. */
export async function start(
  args: readonly string[],
  { timeoutMs, cwd }: { readonly timeoutMs: number; readonly cwd?: string },
): Promise<Ended> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'ignore', 'pipe'], cwd });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, timeoutMs);
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.once('exit', (...how) => resolve(how));
  });
  clearTimeout(timer);
  // A process of the container's may still have it open.
  if (!child.stderr.readableEnded) await Promise.race([once(child, 'close'), delay(500)]);
  child.stderr.destroy();
  return { code, signal, stderr, late };
}

function readLog(path: string): readonly { readonly level: string; readonly msg: string }[] {
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    // Nothing was logged.
  }
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as { level: string; msg: string }]));
}
