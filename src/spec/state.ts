import { isOwnAnnotation } from './annotations.js';

/** Where a container is in its life. `paused` is an addition, as the specification allows them. */
export type EngineStatus = 'creating' | 'created' | 'running' | 'paused' | 'stopped';

/** A container's state, as hooks and engines get it. @see runtime-spec 1.3.0, runtime.md "State" */
export interface EngineState {
  readonly ociVersion: string;
  readonly id: string;
  readonly status: EngineStatus;
  /** In the pid namespace of whoever gets this; absent without a process. */
  readonly pid?: number;
  /** Absolute. */
  readonly bundle: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What {@link toEngineState} puts together. */
export interface EngineStateParts extends Omit<EngineState, 'annotations'> {
  readonly annotations: Readonly<Record<string, string>>;
}

/** Puts a state together, without corral's own annotations. */
export function toEngineState({ annotations, pid, bundle, ...rest }: EngineStateParts): EngineState {
  const kept = Object.entries(annotations).filter(([name]) => !isOwnAnnotation(name));
  return {
    ...rest,
    ...(pid === undefined ? {} : { pid }),
    bundle,
    ...(kept.length === 0 ? {} : { annotations: Object.fromEntries(kept) }),
  };
}
