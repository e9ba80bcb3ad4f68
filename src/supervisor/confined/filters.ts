import { readFileSync } from 'node:fs';
import type { State } from '../../container/state.js';
import { RefusedError } from '../../errors/refused-error.js';
import { isFiltered } from '../../spec/confined.js';
import { parseRights, type Rights } from '../caller/rights.js';

/**
 * Checks that a caller is under no filter of system calls but that of its outermost container.
 *
 * The kernel gives filters to children alone, and shows nobody what they are. It tells how many there are: those that the container has
 * by its spec, on top of those that its init and this process have.
 *
 * @param action - what it has asked for
 * @throws RefusedError EPERM
 */
export function checkFilters(
  { unfiltered, filters }: Pick<Rights, 'unfiltered' | 'filters'>,
  { spec, init }: Pick<State, 'spec' | 'init'>,
  action: string,
): void {
  if (unfiltered) return;
  const own = readFilters('self');
  const atInit = init && readFilters(String(init.pid));
  if (filters === undefined || own === undefined || atInit === undefined)
    throw new RefusedError(action, 'EPERM', {
      hint: 'it is under filters of system calls, and this kernel does not tell how many: that takes Linux 5.9',
    });
  const known = atInit + (isFiltered(spec) ? 1 : 0);
  if (filters <= known && atInit <= own) return;
  throw new RefusedError(action, 'EPERM', {
    hint: `it is under ${String(filters)} filters of system calls, of which corral knows ${String(Math.min(known, own + 1))}: those could not be given to another process`,
  });
}

function readFilters(pid: string): number | undefined {
  return parseRights(readFileSync(`/proc/${pid}/status`, 'utf8')).filters;
}
