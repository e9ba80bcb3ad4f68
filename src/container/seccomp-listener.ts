import type { Fd } from '../native/fd.js';
import { sendDescriptor } from '../native/unix-socket.js';
import { bundleOf } from '../spec/annotations.js';
import { type EngineState, toEngineState } from '../spec/state.js';
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
  readonly state: EngineState;
}

/**
 * Returns who listens to a container, for a launch; nothing where nobody does.
 *
 * @param about - the container's state, told the pid of the process that is started
 */
export function listenerOf(
  spec: Spec,
  about: (pid: number) => Pick<EngineState, 'id' | 'status' | 'pid'>,
): { readonly listener?: Listener } {
  const { listenerPath, listenerMetadata } = spec.linux.seccomp ?? {};
  if (listenerPath === undefined) return {};
  const { ociVersion, annotations } = spec;
  const describe = (pid: number): ProcessState => ({
    ociVersion,
    fds: ['seccompFd'],
    pid,
    ...(listenerMetadata === undefined ? {} : { metadata: listenerMetadata }),
    state: toEngineState({ ociVersion, ...about(pid), bundle: bundleOf(spec), annotations }),
  });
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
  const text = JSON.stringify(describe(pid));
  await sendDescriptor({ path, what: 'seccomp listener', text, fd: notifications.number });
}
