import { closeSync } from 'node:fs';
import { untilScopeGone } from '../cgroup/systemd/scope-end.js';
import type { CgroupRef } from '../cgroup/types.js';
import { launchInit } from '../native/launch.js';
import { Pidfd } from '../native/pidfd.js';

/**
 * A process that does nothing, and ends when this one lets it go, or ends itself, however that happens. It keeps the scope of a
 * container from being empty, and so from being removed with all that the cgroups in it know of the container.
 */
export class Keeper {
  /** In this process's pid namespace. */
  readonly pid: number;
  readonly #pidfd: Pidfd;
  readonly #socketFd: number;
  #ending: Promise<void> | undefined;

  private constructor(pid: number, pidfd: Pidfd, socketFd: number) {
    this.pid = pid;
    this.#pidfd = pidfd;
    this.#socketFd = socketFd;
  }

  /** Starts one. @throws SyscallError */
  static async start(): Promise<Keeper> {
    // A corral-init that gets no plan: it waits until its socket is closed.
    const { pid, pidfd, socketFd } = await launchInit({ flags: 0 });
    return new Keeper(pid, Pidfd.adopt(pidfd), socketFd);
  }

  /** Lets it go, and waits for its end. */
  end(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    closeSync(this.#socketFd);
    await this.#pidfd.wait();
    this.#pidfd.close();
  }
}

/** Lets the keeper of a container that is gone go, and waits until systemd has removed its scope. */
export async function leaveScope(keeper: Keeper, cgroup: CgroupRef): Promise<void> {
  await keeper.end();
  await untilScopeGone(cgroup);
}
