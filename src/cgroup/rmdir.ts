import { rmdirSync } from 'node:fs';
import { codeOf } from './files.js';

/** What became of a directory: `busy` when processes or other cgroups are in it. */
export type RmdirOutcome = 'removed' | 'absent' | 'busy';

const OUTCOMES: Readonly<Record<string, RmdirOutcome>> = {
  ENOENT: 'absent',
  ENODEV: 'absent',
  EBUSY: 'busy',
  ENOTEMPTY: 'busy',
};

/** Removes an empty cgroup. @throws the error of node:fs where it is neither absent nor busy */
export function tryRmdir(path: string): RmdirOutcome {
  try {
    rmdirSync(path);
    return 'removed';
  } catch (error) {
    const outcome = OUTCOMES[codeOf(error)];
    if (outcome === undefined) throw error;
    return outcome;
  }
}
