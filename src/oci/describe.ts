import type { State } from '../container/state.js';
import type { EngineState } from '../spec/state.js';

/** What engines read of a container: the specification's state, and what runc adds to it. */
export interface Description extends EngineState {
  readonly pid: number;
  readonly rootfs: string;
  /** RFC 3339. */
  readonly created: string;
  readonly owner: string;
}

/** Puts it together. The pid of one that has ended is 0, as it is with runc. */
export function describe({ spec, createdAt }: State, state: EngineState): Description {
  const { ociVersion, id, pid = 0, status, bundle, annotations } = state;
  return {
    ociVersion,
    id,
    pid,
    status,
    bundle,
    rootfs: spec.root.path,
    created: createdAt,
    ...(annotations === undefined ? {} : { annotations }),
    owner: '',
  };
}
