import { resolve } from 'node:path/posix';
import { OptionError } from '../errors/option-error.js';
import { type FileOptions, resolvePaths } from '../spec/options-file.js';
import { readSupervision, type SupervisionOptions } from '../supervisor/supervision-options.js';
import type { HealthCheck, LogPolicy, SupervisedOptions } from '../supervisor/types.js';
import { defined } from '../util/defined.js';
import { formatDuration } from '../util/duration.js';
import type { SupervisorFace } from '../supervisor/face.js';
import { startWithCidFile } from './cid-file.js';
import { EXIT, exitCodeOfEnd } from './exit-codes.js';
import { DETACH_FLAGS, type DetachOptions, takeDetachFlags } from './flags/detach.js';
import { readLaunchOptions } from './launch-options.js';
import { printOut } from './print.js';
import { withProgress } from './progress.js';
import { printNote } from './report-error.js';
import type { VerbCall } from './verb.js';
import type { RunFlags } from './flags/run.js';
import { UsageError } from './usage-error.js';

/**
 * `corral run -d`: leaves the command to the supervisor, and `corral run --lease`: has the supervisor run it for as long as this
 * process lives.
 *
 * @returns the exit code
 */
export async function runDetached({ operands, options, context }: VerbCall<RunFlags>): Promise<number> {
  const { detach, rest } = takeDetachFlags(options);
  const { interactive = false, quiet = false, result, cidfile, ...flags } = rest;
  if (detach.detach !== true && detach.lease !== true) refuseDetachFlags(detach);
  if (result !== undefined)
    throw new UsageError('--result is not possible with --detach', 'corral wait --json NAME tells it');
  const { command, options: asked, blame } = await readLaunchOptions(operands, flags, 'run');
  const { connect } = await import('../supervisor/connect.js');
  const client = await connect({ ...context, start: true });
  const leaving = new AbortController();
  const start = async (): Promise<Started> => {
    try {
      const supervised = toSupervised({ command, options: asked, detach, interactive });
      const say = (elapsedMs: number): string =>
        `starting ${asked.name ?? command[0] ?? ''}, for ${formatDuration(elapsedMs)}`;
      const made = await withProgress({ quiet }, say, () =>
        client.create(supervised, detach.lease === true ? { lease: leaving.signal } : {}),
      );
      return { ...made, kill: () => client.remove(made.id, { force: true }) };
    } catch (error) {
      throw blame(error);
    }
  };
  const { id, notes } = await startWithCidFile(cidfile, start);
  if (!quiet) notes.forEach(printNote);
  printOut(`${id}\n`);
  return detach.lease === true ? exitWithIt(client, id, leaving) : EXIT.ok;
}

interface Started {
  readonly id: string;
  readonly notes: readonly string[];
  readonly kill: () => Promise<unknown>;
}

/** Waits for the end of a container that dies with this process. */
async function exitWithIt(client: SupervisorFace, id: string, leaving: AbortController): Promise<number> {
  const leave = (): void => {
    leaving.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, leave);
  return exitCodeOfEnd(await client.wait(id)) ?? EXIT.corralFailed;
}

/** What was asked for on the command line, or in a file of options. */
export interface DetachedRequest {
  readonly command: readonly string[];
  readonly options: FileOptions['options'];
  readonly detach: DetachOptions;
  readonly interactive: boolean;
}

/** @throws UsageError for flags that mean something only to a supervisor */
export function refuseDetachFlags(given: DetachOptions): void {
  const [flag] = NEED_DETACH.filter((name) => given[name] !== undefined);
  if (flag === undefined) return;
  const [typed] = DETACH_FLAGS[flag].flags.split(' ');
  throw new UsageError(`${String(typed)} needs --detach`, 'in the foreground, corral itself waits for the command');
}

/** What a container in the foreground has as well. */
const EVERYWHERE = ['detach', 'lease', 'autoRemove'];

const NEED_DETACH = (Object.keys(DETACH_FLAGS) as (keyof DetachOptions)[]).filter((name) => !EVERYWHERE.includes(name));

/**
 * Returns what the supervisor is asked to run: it is somewhere else, and so what the caller's place means is said.
 *
 * @throws OptionError naming the flag
 */
export function toSupervised({ command, options, detach, interactive }: DetachedRequest): SupervisedOptions {
  const { timeout, stopSignal, gracePeriod, ...container } = options;
  const supervision = readSupervision(
    defined({
      restart: detach.restart,
      log: readLog(detach),
      health: readHealth(detach),
      timeout,
      stopSignal,
      gracePeriod,
      interactive: interactive ? true : undefined,
      autoRemove: detach.autoRemove,
    }),
  );
  const cwd = resolve();
  return {
    command,
    container: withValues(resolvePaths(container, cwd)),
    supervision: detach.lease === true ? { ...supervision, leased: true } : supervision,
    callerDirectory: cwd,
    callerEnv: variables(container.isolation === 'cgroup' ? Object.keys(process.env) : ['PATH', 'TERM']),
  };
}

function variables(names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function readLog(flags: DetachOptions): SupervisionOptions['log'] {
  const log = defined({
    driver: oneOf('log.driver', flags['log.driver'], DRIVERS),
    maxSize: flags['log.maxSize'],
    maxFiles: flags['log.maxFiles'],
  });
  return Object.keys(log).length === 0 ? undefined : log;
}

const DRIVERS: readonly LogPolicy['driver'][] = ['raw', 'json', 'none'];
const ACTIONS: readonly HealthCheck['onFailure'][] = ['none', 'kill', 'restart'];

function readHealth(flags: DetachOptions): SupervisionOptions['health'] {
  const health = defined({
    interval: flags['health.interval'],
    timeout: flags['health.timeout'],
    retries: flags['health.retries'],
    startPeriod: flags['health.startPeriod'],
    onFailure: oneOf('health.onFailure', flags['health.onFailure'], ACTIONS),
  });
  const command = flags['health.command'];
  if (command !== undefined) return { command, ...health };
  if (Object.keys(health).length === 0) return undefined;
  throw new UsageError('--health-cmd is missing', 'the other --health flags are about it');
}

function oneOf<Word extends string>(
  option: string,
  value: string | undefined,
  words: readonly Word[],
): Word | undefined {
  const found = words.find((word) => word === value);
  if (value === undefined || found !== undefined) return found;
  throw new OptionError(option, value, `${words.slice(0, -1).join(', ')} or ${String(words.at(-1))}`);
}

// `-e NAME` passes the caller's own value on: the supervisor has another.
function withValues<Container extends { readonly env?: Readonly<Record<string, string | undefined>> }>(
  container: Container,
): Container {
  if (container.env === undefined) return container;
  const env = Object.entries(container.env).map(([name, value]) => [name, value ?? process.env[name]] as const);
  return { ...container, env: Object.fromEntries(env.filter(([, value]) => value !== undefined)) };
}
