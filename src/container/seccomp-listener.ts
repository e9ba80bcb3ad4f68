import { SyscallError } from '../errors/syscall-error.js';
import { addon } from '../native/addon.js';
import { call } from '../native/call.js';
import { Fd } from '../native/fd.js';
import { labelsOf } from '../spec/annotations.js';
import type { Seccomp } from '../spec/seccomp.js';
import type { Spec } from '../spec/types.js';

/** Who decides about system calls, and what is said to them about the process. */
export interface Listener {
  /** Of their socket. */
  readonly path: string;
  /** The container process state, but for the pid. @see runtime-spec 1.3.0, config-linux.md "The Container Process State" */
  readonly describe: (pid: number) => ProcessState;
}

/** @see runtime-spec 1.3.0, config-linux.md "The Container Process State" */
export interface ProcessState {
  readonly ociVersion: string;
  readonly fds: readonly string[];
  /** In this process's pid namespace. */
  readonly pid: number;
  readonly metadata?: string;
  readonly state: ContainerState;
}

/** @see runtime-spec 1.3.0, runtime.md "State" */
export interface ContainerState {
  readonly ociVersion: string;
  readonly id: string;
  readonly status: 'creating' | 'created' | 'running' | 'stopped';
  readonly pid: number;
  readonly bundle: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Returns the state of a container that no bundle was given for: its root filesystem stands for that. */
export function stateOf({
  id,
  spec,
  status,
  pid,
}: Pick<ContainerState, 'id' | 'status' | 'pid'> & { readonly spec: Spec }): ContainerState {
  return { ociVersion: spec.ociVersion, id, status, pid, bundle: spec.root.path, annotations: labelsOf(spec) };
}

/**
 * Returns who listens to a container, for a launch.
 *
 * @param stateOf - the container's state, with the pid of the process that is started
 */
export function listenerOf(
  seccomp: Seccomp | undefined,
  stateOf: (pid: number) => ContainerState,
): { readonly listener?: Listener } {
  const { listenerPath, listenerMetadata } = seccomp ?? {};
  if (listenerPath === undefined) return {};
  const describe = (pid: number): ProcessState => {
    const state = stateOf(pid);
    return {
      ociVersion: state.ociVersion,
      fds: ['seccompFd'],
      pid,
      ...(listenerMetadata === undefined ? {} : { metadata: listenerMetadata }),
      state,
    };
  };
  return { listener: { path: listenerPath, describe } };
}

/**
 * Gives the descriptor of a filter's notifications to who listens: one connection, one message.
 *
 * @param fd - is closed
 * @throws SyscallError when nobody listens there
 */
export async function handOverListener(fd: Fd, pid: number, listener: Listener | undefined): Promise<void> {
  using notifications = fd;
  if (listener === undefined) throw new Error('a filter notifies, and nobody was named who listens');
  const { path, describe } = listener;
  using socket = new Fd(await connect(path));
  const data = Buffer.from(JSON.stringify(describe(pid)));
  call(`send the seccomp listener to ${path}`, () => {
    addon.sendMessage({ fd: socket.number, data, fds: [notifications.number] });
  });
}

const TRIES = 100;
const PAUSE_MS = 50;

// A listener that is slow to accept has its queue full for a while.
async function connect(path: string): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    try {
      return call(`connect to the seccomp listener ${path}`, () => addon.connectSocket({ path }), path);
    } catch (error) {
      if (!(error instanceof SyscallError) || error.code !== 'EAGAIN' || attempt === TRIES) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
