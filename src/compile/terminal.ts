import type { SlotName, Step } from '../plan/steps.js';
import type { FdPlan } from '../plan/types.js';
import { isEngines } from '../spec/annotations.js';
import type { Spec } from '../spec/types.js';
import type { Context } from './context.js';
import { hasNamespace, hasTerminal, isDev } from './questions.js';
import { fillsDev } from './engine/devices.js';
import { ownsMounts } from './engine/root.js';
import { ROOT } from './stage.js';

/** The slot of the container's end of its terminal. */
const TERMINAL: SlotName = 'terminal';

/** The descriptors of the three streams: always there (/dev/null for one that is not wanted), unless a terminal replaces them. */
export function streamFds(spec: Spec): readonly FdPlan[] {
  if (hasTerminal(spec)) return [];
  return (['stdin', 'stdout', 'stderr'] as const).map((stream) => ({ slot: stream, kind: 'stream', stream }));
}

/**
 * Gives the process its streams, or its terminal, which it must be the leader of a new session for.
 *
 * @param master - the slot of its master, where that is open already
 */
export function compileStreams(context: Context, master?: SlotName): readonly Step[] {
  const { spec } = context;
  if (!hasTerminal(spec)) {
    return [{ op: 'set-standard-streams', stdin: 'stdin', stdout: 'stdout', stderr: 'stderr' }];
  }
  const { width = 0, height = 0 } = spec.process.consoleSize ?? {};
  return [
    {
      op: 'open-terminal',
      master,
      root: terminalRoot(spec),
      columns: width,
      rows: height,
      uid: spec.process.user.uid,
      console: hasConsole(spec) ? CONSOLE : '',
      terminal: TERMINAL,
    },
    { op: 'set-standard-streams', stdin: TERMINAL, stdout: TERMINAL, stderr: TERMINAL },
  ];
}

/** The slot of the root below which its /dev/pts is: without mounts of its own, the process has a terminal of the host's. */
export function terminalRoot(spec: Spec): SlotName | undefined {
  return hasRoot(spec) ? ROOT : undefined;
}

const CONSOLE = '/dev/console';

// @see config-linux.md "Default Devices": /dev/console is the terminal's. Only in a /dev of the container's own, and not over
// what was put there on purpose.
function hasConsole(spec: Spec): boolean {
  const { mounts } = spec;
  if (isEngines(spec)) return ownsMounts(spec) && fillsDev(spec);
  return mounts.some(isDev) && !mounts.some(({ destination }) => destination === CONSOLE);
}

// An engine's has one even in the caller's mount namespace.
function hasRoot(spec: Spec): boolean {
  return hasNamespace(spec, 'mount') || isEngines(spec);
}

/** The root directory of a container that was entered, where a terminal is to be opened in it. */
export function openRoot({ spec }: Context): readonly Step[] {
  if (!hasTerminal(spec) || !hasRoot(spec)) return [];
  return [{ op: 'open-directory', root: undefined, path: '/', directory: ROOT }];
}
