import type { HostFacts, KernelVersion } from '../host/facts.js';
import type { Mount, SpecNamespaceType, Spec } from '../spec/types.js';

/** Tells whether the container gets a namespace of this type for itself. */
export function hasNamespace(spec: Spec, type: SpecNamespaceType): boolean {
  return spec.linux.namespaces.some((namespace) => namespace.type === type);
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
