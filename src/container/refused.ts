import { USERNS_HINT } from '../compile/notes.js';
import { NAMESPACE_FLAGS, loosenOuter } from '../compile/outer.js';
import { LaunchError } from '../errors/launch-error.js';
import { SyscallError } from '../errors/syscall-error.js';
import { readInside } from '../host/read-system.js';
import type { Spec } from '../spec/types.js';

/** Steps that a container around this one may refuse, although the kernel can do them. */
const GUARDED = [
  'mount',
  'attach-mount',
  'open-tree',
  'set-mount-attributes',
  'set-propagation',
  'pivot-root',
  'unshare',
];

/**
 * Explains what was refused at the start of a container: by a limit, or by another container around this process.
 *
 * @returns the error to throw; `error` itself where there is nothing to add
 */
export function explainRefusal(error: SyscallError, spec: Spec): SyscallError {
  const isClone = ['clone', 'clone3'].includes(error.syscall);
  if (isClone) return spec.linux.namespaces.length === 0 ? error : explainClone(error, spec);
  const inside = error instanceof LaunchError && GUARDED.includes(error.op) ? readInside() : undefined;
  if (inside === undefined || !(error instanceof LaunchError)) return error;
  const { op, stepIndex, errno, message } = error;
  const action = message.slice(0, message.lastIndexOf(`: ${error.code}`));
  const hint = [error.hint, wayOut(inside)].filter((text) => text !== undefined).join('; ');
  return new LaunchError({ action, errno, stepIndex, op }, { hint, cause: error });
}

function explainClone({ code, errno, syscall, cause }: SyscallError, { linux: { namespaces } }: Spec): SyscallError {
  const names = namespaces.map(({ type }) => type).join(', ');
  const action = `start corral-init in namespaces of its own (${names})`;
  return new SyscallError({ action, syscall, errno }, { hint: hintFor(code), cause });
}

function hintFor(code: string): string {
  if (code === 'ENOSPC' || code === 'EUSERS')
    return 'user and pid namespaces nest at most 32 deep; /proc/sys/user/max_*_namespaces bounds how many there may be';
  const inside = readInside();
  return inside === undefined ? `${USERNS_HINT}; or run it without: --isolation cgroup` : wayOut(inside);
}

function wayOut(inside: string): string {
  const { what, run = [] } = loosenOuter(inside, NAMESPACE_FLAGS);
  return `${[what, ...run].join(': ')}, or run it without namespaces: --isolation cgroup`;
}
