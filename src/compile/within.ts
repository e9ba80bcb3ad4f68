import type { ParentAct } from '../plan/types.js';
import type { Step } from '../plan/steps.js';
import { type Within, withinOf } from '../spec/within.js';
import type { Context, Part } from './context.js';
import { compileFilter } from './filter.js';
import { becomeUser, compileInit, compileSurroundings, findExecutable, type Guarding, setRlimits } from './process.js';
import { ROOT } from './stage.js';

/** The slot of the directory in which it starts, where that is its caller's. */
const DIRECTORY = 'directory';

/**
 * Goes to the root directory of the caller, whose mount namespace was joined: that may be another than the namespace's own. And to
 * its working directory, which its user might not reach by path.
 */
export function enterRoot({ inCallersDirectory }: Pick<Within, 'inCallersDirectory'>): Part {
  return {
    fds: [
      { slot: ROOT, kind: 'directory' },
      ...(inCallersDirectory ? [{ slot: DIRECTORY, kind: 'directory' } as const] : []),
    ],
    steps: [
      { op: 'change-root', root: ROOT },
      ...(inCallersDirectory ? [{ op: 'change-directory', root: DIRECTORY, path: '.' } as const] : []),
    ],
  };
}

/** What the process cannot do by itself: the value is one that none of its own can go below. */
export function withinActs({ spec }: Context): readonly ParentAct[] {
  const { oomScoreAdj } = spec.process;
  if (withinOf(spec) === undefined || oomScoreAdj === undefined) return [];
  return [{ act: 'set-oom-score-adj', value: oomScoreAdj }];
}

/**
 * Compiles what a process does in the namespaces of a caller in a container.
 *
 * It gives up all rights but the caller's before it looks at anything there: paths are resolved as the caller's user, and an init
 * that stays among the caller's processes has no more rights than those.
 *
 * @param filtered - whose filter of system calls it gets
 */
export function compileConfined(context: Context, guarding: Guarding, filtered = context.spec): readonly Step[] {
  const { spec, facts } = context;
  const { process } = spec;
  return [
    ...compileSurroundings(context),
    ...becomeUser(context),
    { op: 'set-no-new-privileges' },
    ...(withinOf(spec)?.inCallersDirectory === true
      ? []
      : [{ op: 'change-directory', root: undefined, path: process.cwd } as const]),
    findExecutable(spec),
    ...compileInit(context, guarding),
    ...setRlimits(process),
    { op: 'close-descriptors', first: 3 },
    ...compileFilter(filtered, facts),
    { op: 'exec', argv: process.args, environment: process.env },
  ];
}
