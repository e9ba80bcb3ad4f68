import { selectDriver } from '../cgroup/systemd/driver.js';
import { isContainerError } from '../errors/container-error.js';
import { removeParents } from '../container/leaving.js';
import { writeIdMaps } from '../container/id-maps.js';
import { actNow } from '../container/launch.js';
import { type Prepared, prepare } from '../container/prepare.js';
import { readHostFacts } from '../host/read-facts.js';
import { readSystemFacts } from '../host/read-system.js';
import { diagnose } from './diagnose.js';
import { noteControllers, tryCgroup } from './trials/cgroups.js';
import { type StateOptions, tryBare, tryContainer, tryIdMaps, tryLimits, tryScope } from './trials/containers.js';
import { tryIdmap, tryKernel, tryNamespaces } from './trials/kernel.js';
import { tryMounts } from './trials/mounts.js';
import { toFailure } from './trials/trial.js';
import type { Diagnosis, DoctorFacts, Trials } from './types.js';

/**
 * Finds out what works on this host: reads what there is to read, and tries everything else, in processes, cgroups and
 * containers of its own, of which nothing is left.
 */
export async function examine(
  state: StateOptions,
): Promise<{ readonly facts: DoctorFacts; readonly diagnosis: Diagnosis }> {
  const host = readHostFacts({ paths: ['/'], cwd: '/' });
  const system = readSystemFacts(host.cgroup.layout);
  const restoreControllers = noteControllers(host.cgroup);
  try {
    const trials = await tryAll({ host, system }, state);
    const facts = { host, system, trials };
    return { facts, diagnosis: diagnose(facts) };
  } finally {
    removeParents();
    restoreControllers();
  }
}

async function tryAll({ host, system }: Omit<DoctorFacts, 'trials'>, state: StateOptions): Promise<Trials> {
  const { privileged } = host.caller;
  const cgroup = await tryCgroup(host.cgroup);
  const hasPlace = host.cgroup.v2Base !== undefined || selectDriver({ facts: host.cgroup }) === 'systemd';
  const needsScope = !hasPlace && system.systemd.userManager;
  const trials = {
    ...(await tryKernel()),
    namespaces: await tryNamespaces(privileged),
    ...(await tryPrepared(tryPrepare(), privileged)),
    ...(cgroup === undefined ? {} : { cgroup }),
    limits: await tryLimits(host, system, state),
    ...(needsScope ? { scope: await tryScope() } : {}),
  };
  const container = await tryContainer(state);
  return { ...trials, container, ...(container.ok ? {} : { bare: await tryBare(state) }) };
}

// What is refused from the start is refused for everything that would have been tried on the way.
function tryPrepare(): Prepared | ReturnType<typeof toFailure> {
  try {
    return prepare(['true'], { cwd: '/' });
  } catch (error) {
    if (!isContainerError(error)) throw error;
    return toFailure(error);
  }
}

async function tryPrepared(
  prepared: ReturnType<typeof tryPrepare>,
  privileged: boolean,
): Promise<Pick<Trials, 'overlay' | 'proc' | 'sysfs' | 'tree' | 'idMaps' | 'idmap'>> {
  if ('ok' in prepared) return { overlay: prepared, proc: prepared, sysfs: prepared, tree: prepared };
  const { idMaps } = prepared.placement;
  const shifted = idMaps?.uids.some(({ containerId, hostId }) => containerId !== hostId) === true;
  return {
    ...(await tryMounts(prepared)),
    ...(idMaps === undefined ? {} : { idMaps: await tryIdMaps(idMaps) }),
    ...(idMaps !== undefined && privileged && shifted
      ? { idmap: await tryIdmap((pid) => writeIdMaps(pid, idMaps, actNow)) }
      : {}),
  };
}
