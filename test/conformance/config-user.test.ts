import { expect } from 'vitest';
import { SHIFT, ordinaryNamespaces, shiftedIds } from './lib/config.js';
import { describeSection } from './lib/section.js';
import { facts } from './lib/text.js';
import type { Machine } from './lib/machine.js';

const NAMES = 'cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname';

describeSection('config.md: user, hostname and domainname', ({ says, shared }) => {
  const user = shared(async (machine) => {
    const script =
      'echo uid $(id -u); echo gid $(id -g); echo groups $(sed -n "s/^Groups:.//p" /proc/self/status); echo umask $(umask); cat /proc/self/uid_map';
    const process = { user: { uid: 12, gid: 34, umask: 0o027, additionalGids: [56, 78] } };
    const linux = { namespaces: ordinaryNamespaces('user'), ...shiftedIds() };
    return facts(await machine.run({ script, process, linux }));
  });
  says('user.uid', async () => expect(await user()).toMatchObject({ uid: '12', 0: `${String(SHIFT)}      65536` }));
  says('user.gid', async () => expect((await user())['gid']).toBe('34'));
  says('user.groups', async () => expect((await user())['groups']?.split(' ').sort()).toEqual(['56', '78']));
  says('user.umask', async () => expect((await user())['umask']).toBe('0027'));

  const ask = (machine: Machine): Promise<readonly string[]> =>
    machine.lines({ script: 'umask' }, { through: ['sh', '-c', 'umask 0077; exec "$@"', 'sh'] });
  const usual = async (machine: Machine): Promise<void> => {
    expect(await ask(machine)).toEqual(['0022']);
  };
  says(
    'user.umask-unset',
    async (machine) => {
      expect(await ask(machine)).toEqual(['0077']);
    },
    { runc: usual, 'corral-oci': usual },
  );

  says('hostname', async (machine) => {
    expect(await machine.lines({ script: NAMES, top: { hostname: 'mrsdalloway' } })).toContain('mrsdalloway');
  });
  says(
    'domainname',
    async (machine) => {
      expect(await machine.lines({ script: NAMES, top: { domainname: 'foobarbaz.test' } })).toContain('foobarbaz.test');
    },
    {
      runc: async (machine) => {
        expect(await machine.lines({ script: NAMES, top: { domainname: 'foobarbaz.test' } })).not.toContain(
          'foobarbaz.test',
        );
      },
    },
  );
});
