import type { SystemFacts } from '../../host/facts.js';
import type { Fix } from '../types.js';

/** Sets a kernel parameter, now and at every boot. */
export function setSysctl(name: string, value: string, what: string): Fix {
  return {
    what,
    file: { path: '/etc/sysctl.d/60-corral.conf', content: `${name} = ${value}\n` },
    run: ['sysctl --system'],
  };
}

/** The name of a package in each family of distributions, by the one whose name the others list as ID_LIKE. */
export type PackageNames = Readonly<Record<'debian' | 'fedora' | 'arch' | 'alpine' | 'suse', string>>;

const INSTALLERS: Readonly<Record<keyof PackageNames, string>> = {
  debian: 'apt-get install',
  fedora: 'dnf install',
  arch: 'pacman -S',
  alpine: 'apk add',
  suse: 'zypper install',
};

/** Installs a package; where nobody knows how, it is only named. */
export function installPackage({ distribution }: SystemFacts, names: PackageNames, what: string): Fix {
  const family = familyOf(distribution);
  if (family === undefined) return { what: `${what}: the package is called ${names.debian}, or ${names.fedora}` };
  return { what, run: [`${INSTALLERS[family]} ${names[family]}`] };
}

/** Boots the kernel with something on its command line. */
export function setBootParameter({ distribution }: SystemFacts, parameter: string, what: string): Fix {
  const family = familyOf(distribution);
  if (family === 'fedora') return { what, run: [`grubby --update-kernel=ALL --args="${parameter}"`, 'reboot'] };
  if (family !== 'debian') return { what: `${what}: put ${parameter} on the kernel's command line, and reboot` };
  return {
    what,
    file: {
      path: '/etc/default/grub.d/60-corral.cfg',
      content: `GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT ${parameter}"\n`,
    },
    run: ['update-grub', 'reboot'],
  };
}

/** Loads a module of the kernel, now and at every boot. */
export function loadModule(name: string): Fix {
  return {
    what: `load the kernel's module ${name}`,
    file: { path: `/etc/modules-load.d/${name}.conf`, content: `${name}\n` },
    run: [`modprobe ${name}`],
  };
}

export function useKernel(version: string, besides = ''): Fix {
  return { what: `boot a kernel that has it: Linux ${version} or newer${besides}` };
}

function familyOf({ id, like }: SystemFacts['distribution']): keyof PackageNames | undefined {
  const names = [id, ...like].map((name) => (name === 'ubuntu' ? 'debian' : name === 'rhel' ? 'fedora' : name));
  return (Object.keys(INSTALLERS) as (keyof PackageNames)[]).find((family) =>
    names.some((name) => name === family || (family === 'suse' && name.startsWith('opensuse'))),
  );
}
