import type { HostFacts, KernelVersion } from '../host/facts.js';
import type { Mount, SpecNamespaceType, Spec } from '../spec/types.js';

/** Tells whether the container does not share the caller's namespace of this type: it has a new one, or joins another. */
export function hasNamespace(spec: Spec, type: SpecNamespaceType): boolean {
  return spec.linux.namespaces.some((namespace) => namespace.type === type);
}

/** Tells whether a namespace of this type is made for the container. */
export function makesNamespace(spec: Spec, type: SpecNamespaceType): boolean {
  return spec.linux.namespaces.some((namespace) => namespace.type === type && namespace.path === undefined);
}

/** Tells whether the container joins a namespace of this type that is there already. */
export function joinsNamespace(spec: Spec, type: SpecNamespaceType): boolean {
  return hasNamespace(spec, type) && !makesNamespace(spec, type);
}

/** Tells whether the host's kernel is at least this version. */
export function kernelAtLeast(facts: HostFacts, [major, minor]: KernelVersion): boolean {
  const [hostMajor, hostMinor] = facts.kernel;
  return hostMajor > major || (hostMajor === major && hostMinor >= minor);
}

/** Tells whether `path` is `ancestor` or lies below it. */
export function isWithin(path: string, ancestor: string): boolean {
  return path === ancestor || ancestor === '/' || path.startsWith(`${ancestor}/`);
}

/** Tells whether the process has a terminal in place of the three streams. */
export function hasTerminal({ process }: Spec): boolean {
  return process.terminal === true;
}

/** Tells whether a mount is a new /dev, which corral fills. */
export function isDev({ destination, type }: Mount): boolean {
  return destination === '/dev' && type === 'tmpfs';
}
