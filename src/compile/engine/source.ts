import type { SlotName } from '../../plan/steps.js';
import type { FdPlan, MountMapping } from '../../plan/types.js';
import { AT_RECURSIVE } from '../../util/linux.js';
import type { Context, Part } from '../context.js';

/** A mount of the host that is shown in the container as it is. */
export interface Source {
  readonly slot: SlotName;
  readonly path: string;
  /** With its submounts. */
  readonly recursive: boolean;
  readonly mapping?: MountMapping;
}

/**
 * Returns what clones it: the caller, who reaches every path; without privileges the container's own process, whose mount
 * namespace is a copy.
 */
export function openSource({ facts }: Context, { slot, path, recursive, mapping }: Source): Pick<Part, 'fds' | 'open'> {
  if (!facts.caller.privileged) {
    return { open: [{ op: 'open-tree', path, flags: recursive ? AT_RECURSIVE : 0, tree: slot }] };
  }
  const fd: FdPlan = {
    slot,
    kind: 'tree',
    path,
    recursive,
    idmap: false,
    ...(mapping === undefined ? {} : { mapping }),
  };
  return { fds: [fd] };
}
