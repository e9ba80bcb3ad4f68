import { closeSync, openSync } from 'node:fs';
import { addon } from '../../native/addon.js';
import { call } from '../../native/call.js';
import { type Launched, launchInit } from '../../native/launch.js';
import { Pidfd } from '../../native/pidfd.js';
import { FLAG_OF } from '../../compile/clone.js';
import { NAMESPACE_TYPES, type NamespaceType } from '../../spec/types.js';
import { CLONE } from '../../util/linux.js';
import type { Trial, Trials } from '../types.js';
import { tryOut } from './trial.js';

/**
 * Starts a corral-init that gets no plan, does something with it, and waits for its end.
 *
 * @throws SyscallError where it cannot be started
 */
export async function withInit<T>(
  options: Parameters<typeof launchInit>[0],
  act: (launched: Launched, pidfd: Pidfd) => T | Promise<T>,
): Promise<T> {
  const launched = await launchInit(options);
  const pidfd = Pidfd.adopt(launched.pidfd);
  try {
    return await act(launched, pidfd);
  } finally {
    // Without a plan it just ends.
    closeSync(launched.socketFd);
    await pidfd.wait();
    pidfd.close();
  }
}

/** Tries what of the kernel corral builds on, but for mounts. */
export async function tryKernel(): Promise<Pick<Trials, 'memfd' | 'pidfd' | 'pidfdInfo'>> {
  return {
    memfd: await tryOut(() => withInit({ flags: 0 }, () => undefined)),
    pidfd: await tryOut(() => {
      using pidfd = Pidfd.open(process.pid);
      pidfd.signal(0);
    }),
    pidfdInfo: await tryOut(() => {
      using pidfd = Pidfd.open(process.pid);
      call('ask for the information of a pidfd', () => addon.pidfdGetInfo({ pidfd: pidfd.fd }));
    }),
  };
}

/** Makes a namespace of each type: for an unprivileged caller together with a user namespace. */
export async function tryNamespaces(privileged: boolean): Promise<Trials['namespaces']> {
  const trials: Partial<Record<NamespaceType, Trial>> = {};
  for (const type of NAMESPACE_TYPES) {
    const flags = CLONE[FLAG_OF[type]] | (privileged ? 0 : CLONE.CLONE_NEWUSER);
    trials[type] = await tryOut(() => withInit({ flags }, () => undefined));
  }
  return trials as Trials['namespaces'];
}

/** Idmaps the root file system's mount with a user namespace that has ids of its own. Nothing is mounted anywhere. */
export function tryIdmap(mapIds: (pid: number) => Promise<void>): Promise<Trial> {
  return tryOut(() =>
    withInit({ flags: CLONE.CLONE_NEWUSER }, async ({ pid }) => {
      await mapIds(pid);
      const usernsFd = openSync(`/proc/${String(pid)}/ns/user`, 'r');
      const treeFd = call('clone mount /', () => addon.openTree({ path: '/', recursive: false }), '/');
      try {
        call('idmap mount /', () => addon.idmapMount({ treeFd, usernsFd, recursive: false }), '/');
      } finally {
        closeSync(treeFd);
        closeSync(usernsFd);
      }
    }),
  );
}
