import { OptionError } from '../../errors/option-error.js';
import type { NamespaceType } from '../types.js';

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
    const option = `sysctl.${name}`;
    if (value.includes('\0')) throw new OptionError(option, value, 'text without NUL bytes');
    // sysctl(8) takes both spellings; of a name, the first separator says which one it is.
    const dotted = /^[^.]*\//.test(name) ? name.replace(/[./]/g, (mark) => (mark === '/' ? '.' : '/')) : name;
    const namespace = isPlain(dotted) ? OWNERS.find(([pattern]) => pattern.test(dotted))?.[1] : undefined;
    if (namespace === undefined) {
      throw new OptionError(
        'sysctl',
        name,
        'a kernel parameter of a namespace: it is the whole host’s, or there is none',
      );
    }
    if (!namespaces.includes(namespace)) {
      throw new OptionError('sysctl', name, `possible without a ${namespace} namespace: it would change the host`);
    }
  }
  return sysctl;
}

// No empty component, and none that leads elsewhere. The slash stands for a dot inside a name: net.ipv4.conf.eth0/1.
function isPlain(name: string): boolean {
  return name.split('.').every((part) => part !== '' && /^[\w/:@-]+$/.test(part) && !/^\/|\/\//.test(part));
}
