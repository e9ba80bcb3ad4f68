import { closeSync, openSync } from 'node:fs';
import type { KillOptions } from '../cgroup/kill.js';
import type { Step } from '../plan/steps.js';
import type { IdMapPlan } from '../plan/types.js';
import { SIGNALS } from '../util/signals.js';
import { UndoStack } from '../util/undo.js';
import { type ProcessContent, launchProcess } from './launch.js';

/** Removes all directories below its argument, the deepest first. */
const SCRIPT = `const { readdirSync, rmdirSync } = require('node:fs');
const clear = (path) => {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    clear(path + '/' + entry.name);
    rmdirSync(path + '/' + entry.name);
  }
};
clear(process.argv[1]);`;

/**
 * Returns what a kill needs where a container of an unprivileged user has given cgroups to other users of its own: those have
 * ids that are lent to the caller, who is nobody to them outside of a user namespace.
 *
 * @param idMaps - the container's
 */
export function foreignRemover(idMaps: IdMapPlan | undefined): KillOptions['removeForeign'] {
  if (idMaps?.writer !== 'newidmap') return undefined;
  return (path) => removeAs(idMaps, path);
}

async function removeAs(idMaps: IdMapPlan, path: string): Promise<void> {
  const undo = new UndoStack();
  const nowhere = openSync('/dev/null', 'r+');
  try {
    const streams = { stdin: nowhere, stdout: nowhere, stderr: nowhere };
    const plan = { clone: { flags: ['CLONE_NEWUSER'] }, idMaps, content: () => compileRemoval(path) };
    const { pidfd } = await launchProcess(plan, { undo, streams }, { join: () => undefined });
    // Whether it could is seen when the directory itself is removed.
    await pidfd.wait();
  } finally {
    await undo.unwind();
    closeSync(nowhere);
  }
}

function compileRemoval(path: string): ProcessContent {
  const streams = ['stdin', 'stdout', 'stderr'] as const;
  const steps: readonly Step[] = [
    { op: 'set-user', uid: 0, gid: 0, groups: [], setgroups: 1 },
    { op: 'set-standard-streams', stdin: 'stdin', stdout: 'stdout', stderr: 'stderr' },
    { op: 'find-executable', file: process.execPath, path: '' },
    { op: 'set-parent-death-signal', signal: SIGNALS.SIGKILL },
    { op: 'close-descriptors', first: 3 },
    { op: 'exec', argv: [process.execPath, '-e', SCRIPT, path], environment: [] },
  ];
  return {
    fds: [
      { slot: 'report', kind: 'report' },
      ...streams.map((stream) => ({ slot: stream, kind: 'stream', stream }) as const),
    ],
    steps,
  };
}
