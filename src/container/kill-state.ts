import { type KillOptions, type KillReport, killCgroup } from '../cgroup/kill.js';
import { hasCgroup } from '../cgroup/ref.js';
import { foreignRemover } from './foreign.js';
import { killWithoutCgroup, selectLastRung } from './one-by-one.js';
import type { State } from './state.js';

/** Kills a container by what is recorded of it, whoever its owner is. @throws CgroupRefusedError, CgroupError, SyscallError */
export function killState({ cgroup, init, spec, idMaps }: State, options: KillOptions = {}): Promise<KillReport> {
  if (hasCgroup(cgroup) || init === undefined)
    return killCgroup(cgroup, { removeForeign: foreignRemover(idMaps), ...options });
  return killWithoutCgroup(init, selectLastRung(spec), options);
}
