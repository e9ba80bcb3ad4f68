import { ANNOTATIONS } from '../spec/annotations.js';
import type { Process, Spec } from '../spec/types.js';
import type { BundleFlags } from './flags.js';

/** Descriptors that a process gets of those that this one was started with: 3 and on. */
export interface Passed {
  readonly count: number;
  /** Variables that say so. @see sd_listen_fds(3) */
  readonly env: readonly string[];
}

/**
 * Returns what is handed on: the sockets that systemd, or who plays it, has opened for this process, and as many as `--preserve-fds`
 * says behind them.
 *
 * @param env - this process's environment
 * @param pid - this process's
 */
export function passedFds(
  preserved: number | undefined,
  env: Readonly<Record<string, string | undefined>>,
  pid: number,
): Passed {
  const sockets = env['LISTEN_PID'] === String(pid) ? Number(/^\d{1,4}$/.exec(env['LISTEN_FDS'] ?? '')?.[0] ?? 0) : 0;
  return {
    count: sockets + (preserved ?? 0),
    // The container's first process is 1 there.
    env: sockets === 0 ? [] : [`LISTEN_FDS=${String(sockets)}`, 'LISTEN_PID=1'],
  };
}

/** Returns a process with the variables that tell it what it is handed. */
export function tellPassed(process: Process, { env }: Passed): Process {
  return env.length === 0 ? process : { ...process, env: [...process.env, ...env] };
}

/** Returns a spec with what the flags of `create` and `run` say of its process. */
export function applyFlags(
  spec: Spec,
  { newKeyring, pivot }: Pick<BundleFlags, 'newKeyring' | 'pivot'>,
  passed: Passed,
): Spec {
  return {
    ...spec,
    process: tellPassed(spec.process, passed),
    annotations: {
      ...spec.annotations,
      ...(passed.count === 0 ? {} : { [ANNOTATIONS.preserveFds]: String(passed.count) }),
      ...(pivot ? {} : { [ANNOTATIONS.noPivot]: 'true' }),
      ...(newKeyring ? {} : { [ANNOTATIONS.noNewKeyring]: 'true' }),
    },
  };
}
