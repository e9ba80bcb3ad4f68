/**
 * The way to a new root that needs no pivot_root(2): on a RAM disk the host's root can be neither moved nor pivoted from.
 *
 * @packageDocumentation
 */

import { UnsupportedError } from '../../errors/unsupported-error.js';
import type { Step } from '../../plan/steps.js';
import { ANNOTATIONS } from '../../spec/annotations.js';
import type { Spec } from '../../spec/types.js';
import type { Context } from '../context.js';
import { isWithin, makesNamespace } from '../questions.js';
import { ROOT } from '../stage.js';

/** Tells whether the root is to be moved: see {@link ANNOTATIONS.noPivot}. */
export function isMoved({ annotations }: Spec): boolean {
  return annotations[ANNOTATIONS.noPivot] === 'true';
}

/** Makes the container's root the root of its mount namespace. */
export function enterNewRoot(context: Context): Step {
  if (!isMoved(context.spec)) return { op: 'pivot-root', root: ROOT };
  return { op: 'move-root', root: ROOT, cleared: listRevealing(context) };
}

// Those within the root file system are the container's.
function listRevealing({ spec, facts }: Context): readonly string[] {
  const { path } = spec.root;
  return facts.mounts
    .filter(({ type, target }) => REVEALING.includes(type) && (path === '/' || !isWithin(target, path)))
    .map(({ target }) => target);
}

const REVEALING = ['proc', 'sysfs'];

/**
 * Checks that nobody but the container is moved, and that it cannot move back: the host's mounts stay below its root.
 *
 * @throws UnsupportedError
 */
export function checkMove(spec: Spec): void {
  if (!makesNamespace(spec, 'mount')) {
    throw new UnsupportedError('--no-pivot', 'a mount namespace of the container’s own', {
      hint: 'the root of everybody in another one would be moved',
    });
  }
  const sets: readonly (readonly string[])[] = Object.values(spec.process.capabilities);
  if (!spec.linux.namespaces.some(({ type }) => type === 'user') || !sets.some((set) => set.includes(ADMIN))) return;
  throw new UnsupportedError('--no-pivot in a user namespace', `a process without ${ADMIN}`, {
    hint: 'it could unmount its root, and would see the files of the host below',
  });
}

const ADMIN = 'CAP_SYS_ADMIN';
