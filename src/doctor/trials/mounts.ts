import { constants } from 'node:os';
import { becomeRoot } from '../../compile/ids.js';
import { STAGE, mountLayer } from '../../compile/layers.js';
import { makeStage } from '../../compile/stage.js';
import { launchProcess } from '../../container/launch.js';
import type { Prepared } from '../../container/prepare.js';
import { LaunchError } from '../../errors/launch-error.js';
import type { Step } from '../../plan/steps.js';
import { AT_RECURSIVE, MOUNT_ATTR, MS_PRIVATE } from '../../util/linux.js';
import { UndoStack } from '../../util/undo.js';
import type { Trial, Trials } from '../types.js';
import { tryOut } from './trial.js';

type MountTrials = Pick<Trials, 'overlay' | 'proc' | 'sysfs' | 'tree'>;

/** Tries each kind of mount that a container is made of, in the namespaces that one would have. */
export async function tryMounts(prepared: Prepared): Promise<MountTrials> {
  const userns = prepared.placement.idMaps !== undefined;
  const layer = { name: 'layer', target: '/', lower: 'lower', hidden: [] };
  return {
    overlay: await attempt(prepared, [makeDirectory('lower'), ...mountLayer(layer, STAGE, 'mounted', userns)]),
    proc: await attempt(prepared, [mount('proc')]),
    sysfs: await attempt(prepared, [mount('sysfs')]),
    tree: await attempt(prepared, [ATTACH_TREE], [OPEN_TREE]),
  };
}

function makeDirectory(path: string): Step {
  return { op: 'make-directory', root: STAGE, path, mode: 0o755 };
}

const { MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC } = MOUNT_ATTR;

function mount(type: string): Step {
  const attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  return { op: 'mount', type, source: type, options: [], root: STAGE, target: 'mounted', attributes, create: 1 };
}

// In a user namespace the mounts that were copied are locked together: only all of them can be taken.
const OPEN_TREE: Step = { op: 'open-tree', path: '/', flags: AT_RECURSIVE, tree: 'tree' };

const ATTACH_TREE: Step = {
  op: 'attach-mount',
  tree: 'tree',
  root: STAGE,
  target: 'mounted',
  attributes: MOUNT_ATTR_NODEV,
  recursive: 1,
  create: 1,
};

function attempt(prepared: Prepared, steps: readonly Step[], before: readonly Step[] = []): Promise<Trial> {
  return tryOut(() => runSteps(prepared, [...before, ...makeStage(), ...steps]));
}

/** Runs steps in new namespaces, and ends there. @throws LaunchError naming the step that failed */
async function runSteps({ spec, placement }: Prepared, steps: readonly Step[]): Promise<void> {
  const { clone, idMaps } = placement;
  const all: readonly Step[] = [
    ...(idMaps === undefined ? [] : becomeRoot({ spec, ids: { maps: idMaps, shifted: false, notes: [] } })),
    { op: 'set-propagation', path: '/', propagation: MS_PRIVATE },
    ...steps,
    { op: 'exec', argv: ['true'], environment: [] },
  ];
  const last = all.length - 1;
  const undo = new UndoStack();
  try {
    const plan = {
      clone,
      ...(idMaps === undefined ? {} : { idMaps }),
      content: () => ({ fds: [{ slot: 'report', kind: 'report' } as const], steps: all }),
    };
    // The last step is not run: to get there is all that is wanted.
    const faults = { step: { step: last, errno: ECANCELED } };
    await launchProcess(plan, { undo, streams: { stdin: 0, stdout: 1, stderr: 2 }, faults }, { join: () => undefined });
  } catch (error) {
    if (!(error instanceof LaunchError) || error.stepIndex !== last) throw error;
  } finally {
    await undo.unwind();
  }
}

const { ECANCELED } = constants.errno;
