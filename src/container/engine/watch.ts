import { hasCgroup } from '../../cgroup/ref.js';
import { watchCgroup } from '../../cgroup/watch.js';
import { openProcess } from '../identity.js';
import type { Store } from '../store.js';

/** What {@link watchEngineContainer} tells of. */
export interface EngineWatcher {
  /** The out-of-memory killer has taken a process of it. */
  readonly onOom: () => void;
}

/**
 * Watches a container until its first process has ended.
 *
 * @throws NotFoundError
 */
export async function watchEngineContainer(store: Store, id: string, { onOom }: EngineWatcher): Promise<void> {
  const { init, cgroup } = store.get(id);
  using pidfd = init === undefined ? undefined : openProcess(init);
  if (pidfd === undefined) return;
  const nothing = (): void => undefined;
  const watch = hasCgroup(cgroup)
    ? watchCgroup(cgroup, false, { onEmpty: nothing, onFrozen: nothing, onOom })
    : undefined;
  try {
    await pidfd.untilExit();
  } finally {
    watch?.stop();
  }
}
