import { compile } from '../../src/compile/compile.js';
import type { HostFacts } from '../../src/host/facts.js';
import type { StepName } from '../../src/plan/steps.js';
import type { LaunchPlan } from '../../src/plan/types.js';
import { ANNOTATIONS } from '../../src/spec/annotations.js';
import type { Linux, Mount, Spec, SpecNamespaceType } from '../../src/spec/types.js';
import { hostFacts, specOf } from './facts.js';

export const mountOf = (destination: string, type: string, options: readonly string[] = []): Mount => ({
  destination,
  type,
  source: type,
  options,
});
export const bindOf = (source: string, destination: string, options: readonly string[] = ['rbind']): Mount => ({
  ...mountOf(destination, 'none', options),
  source,
});

export const PROC = mountOf('/proc', 'proc', ['nosuid']);
export const DEV = mountOf('/dev', 'tmpfs', ['mode=755']);
export const CGROUP = mountOf('/sys/fs/cgroup', 'cgroup', ['nosuid', 'ro', 'rprivate']);

export interface Wish {
  readonly mounts?: readonly Mount[];
  readonly namespaces?: readonly { readonly type: SpecNamespaceType; readonly path?: string }[];
  readonly linux?: Partial<Linux>;
  readonly root?: Spec['root'];
  readonly process?: Partial<Spec['process']>;
  readonly facts?: HostFacts;
}

export function engineSpec({
  mounts = [PROC, DEV],
  namespaces = [{ type: 'mount' }, { type: 'cgroup' }],
  ...wish
}: Wish): Spec {
  const spec = specOf({ cwd: '/srv' });
  return {
    ...spec,
    root: wish.root ?? { path: '/rootfs' },
    mounts,
    process: { ...spec.process, ...wish.process },
    linux: { ...spec.linux, namespaces, maskedPaths: [], readonlyPaths: [], ...wish.linux },
    annotations: { [ANNOTATIONS.engine]: 'true' },
  };
}

export const planOf = (wish: Wish): LaunchPlan => compile('web', engineSpec(wish), wish.facts ?? hostFacts());
export const stepsOf = (wish: Wish, ...names: readonly StepName[]): unknown[] =>
  planOf(wish).steps.filter(({ op }) => names.includes(op));
export const USER = [{ type: 'user' }, { type: 'mount' }] as const;
export const MAPS = {
  uidMappings: [{ containerID: 0, hostID: 1000, size: 10 }],
  gidMappings: [{ containerID: 0, hostID: 1000, size: 10 }],
};
