import { constants } from 'node:os';
import type { HostFacts } from '../host/facts.js';
import type { Step } from '../plan/steps.js';
import type { IdMapPlan } from '../plan/types.js';
import type { Spec } from '../spec/types.js';
import { CLONE, capabilityMask } from '../util/linux.js';
import type { ExecPlan } from './exec.js';
import { becomeRoot } from './ids.js';
import { hasNamespace } from './questions.js';

/** The slots of the container that is entered, and of the socket to whoever copies. */
const CONTAINER = 'container';
const SOCKET = 'files';

/** What it takes to read and write anybody's files: of the container's users, in a user namespace of its own. */
const FILE_CAPABILITIES = capabilityMask(['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_FSETID']);

/**
 * Compiles the process that reads and makes a container's files for a copy: in the container's own user and mount namespaces,
 * so that no path of the container can lead out of it, and nothing is done that its root could not do.
 *
 * It is in no cgroup and no pid namespace of the container: it works while that is paused, and nothing in there can see it.
 *
 * @param container - absent: the host, with the caller's rights
 */
export function compileFiles(
  container: { readonly spec: Spec; readonly idMaps?: IdMapPlan | undefined } | undefined,
  { caller }: Pick<HostFacts, 'caller'>,
): ExecPlan {
  const maps = container?.idMaps;
  const entersMounts = container !== undefined && hasNamespace(container.spec, 'mount');
  const flags = (maps === undefined ? 0 : CLONE.CLONE_NEWUSER) | (entersMounts ? CLONE.CLONE_NEWNS : 0);
  const granted = FILE_CAPABILITIES & (maps === undefined ? caller.capabilities : ~0n);
  const steps: readonly Step[] = [
    ...(flags === 0 ? [] : [{ op: 'join-namespaces', namespaces: CONTAINER, flags } as const]),
    ...(maps === undefined || container === undefined
      ? []
      : becomeRoot({ spec: container.spec, ids: { maps, shifted: false, notes: [] } })),
    { op: 'set-capabilities', effective: granted, permitted: granted, inheritable: 0n, ambient: 0n },
    { op: 'set-no-new-privileges' },
    { op: 'set-parent-death-signal', signal: constants.signals.SIGKILL },
    { op: 'serve-files', socket: SOCKET },
  ];
  return {
    clone: { flags: [] },
    notes: [],
    fds: [
      { slot: 'report', kind: 'report' },
      { slot: SOCKET, kind: 'socket' },
      ...(flags === 0 ? [] : [{ slot: CONTAINER, kind: 'pidfd' } as const]),
    ],
    steps,
  };
}
