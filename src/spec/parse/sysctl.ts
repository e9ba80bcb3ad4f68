import { OptionError } from '../../errors/option-error.js';
import type { NamespaceType, SpecNamespaceType } from '../types.js';

/** Which namespace a kernel parameter belongs to, by name or by the start of it. All others are the whole host's. */
const OWNERS: readonly (readonly [pattern: RegExp, namespace: NamespaceType])[] = [
  [/^net\.[^.]/, 'network'],
  [/^kernel\.(msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)$/, 'ipc'],
  [/^fs\.mqueue\.[^.]/, 'ipc'],
  [/^kernel\.domainname$/, 'uts'],
  [/^user\.max_[a-z_]+$/, 'user'],
];

/**
 * Checks kernel parameters: each must belong to a namespace that is the container's own, or it would change the host.
 *
 * @param namespaces - those that the container has for itself
 */
export function checkSysctl(
  sysctl: Readonly<Record<string, string>>,
  namespaces: readonly NamespaceType[],
): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(sysctl)) {
    if (value.includes('\0')) throw new OptionError(`sysctl.${name}`, value, 'text without NUL bytes');
    const problem = sysctlProblem(name, namespaces);
    if (problem !== undefined) throw new OptionError('sysctl', name, problem);
  }
  return sysctl;
}

/** Tells what is wrong with the name of a kernel parameter: what it is not; nothing when a container may set it. */
export function sysctlProblem(name: string, namespaces: readonly SpecNamespaceType[]): string | undefined {
  // sysctl(8) takes both spellings; of a name, the first separator says which one it is.
  const dotted = /^[^.]*\//.test(name) ? name.replace(/[./]/g, (mark) => (mark === '/' ? '.' : '/')) : name;
  const namespace = isPlain(dotted) ? OWNERS.find(([pattern]) => pattern.test(dotted))?.[1] : undefined;
  if (namespace === undefined) return 'a kernel parameter of a namespace: it is the whole host’s, or there is none';
  if (namespaces.includes(namespace)) return undefined;
  return `possible without a ${namespace} namespace: it would change the host`;
}

// No empty component, and none that leads elsewhere. The slash stands for a dot inside a name: net.ipv4.conf.eth0/1.
function isPlain(name: string): boolean {
  return name.split('.').every((part) => part !== '' && /^[\w/:@-]+$/.test(part) && !/^\/|\/\//.test(part));
}
