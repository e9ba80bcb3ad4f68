import { expect } from 'vitest';
import { ordinaryNamespaces } from './lib/config.js';
import type { Machine } from './lib/machine.js';
import { describeSection } from './lib/section.js';

async function refuses(machine: Machine, annotations: unknown): Promise<void> {
  expect((await machine.tryCreate({ top: { annotations } })).code).not.toBe(0);
}

describeSection('config.md: annotations, extensibility and valid values', ({ says }) => {
  says('annotations.map', async (machine) => {
    await refuses(machine, ['com.example.key=value']);
    await refuses(machine, 'com.example.key=value');
  });
  says('annotations.values', async (machine) => {
    await refuses(machine, { 'com.example.key': 2 });
    await refuses(machine, { 'com.example.key': { nested: 'value' } });
  });
  says('annotations.key-empty', (machine) => refuses(machine, { '': 'value' }), {
    runc: async (machine) => {
      await machine.run({ top: { annotations: { '': 'value' } } });
    },
  });
  says('annotations.value-empty', async (machine) => {
    const { id } = await machine.create({ top: { annotations: { 'com.example.key': '' } } });
    expect(machine.state(id).annotations).toEqual({ 'com.example.key': '' });
  });
  says('annotations.unknown', async (machine) => {
    const annotations = { 'com.example.unknown': 'value', 'org.opencontainers.image.stopSignal': 'SIGQUIT' };
    expect(await machine.lines({ script: 'echo ran', top: { annotations } })).toEqual(['ran']);
  });

  says('extensibility', async (machine) => {
    const unknown = { unknownProperty: { any: ['thing'] } };
    const { stdout } = await machine.run({
      script: 'echo ran',
      root: { path: 'rootfs', ...unknown },
      process: unknown,
      linux: { ...unknown, namespaces: ordinaryNamespaces(), resources: { memory: unknown } },
      mounts: [{ destination: '/mnt', type: 'tmpfs', source: 'tmpfs', ...unknown }],
      top: unknown,
    });
    expect(stdout).toBe('ran\n');
  });

  says('valid-values', async (machine) => {
    const wrong = {
      'a string for a list': { process: { args: 'sh' } },
      'a number for a string': { process: { cwd: 1 } },
      'an unknown namespace': { linux: { namespaces: ordinaryNamespaces('nosuch') } },
      'an unknown propagation': { linux: { rootfsPropagation: 'nosuch' } },
      'a negative uid': { process: { user: { uid: -1, gid: 0 } } },
      'a file system that is none': { mounts: [{ destination: '/mnt', type: 'nosuch', source: 'none' }] },
      'an option that is none': {
        mounts: [{ destination: '/mnt', type: 'tmpfs', source: 'tmpfs', options: ['nosuch'] }],
      },
      'no JSON': '{',
    } as const;
    for (const [what, wish] of Object.entries(wrong)) {
      const bundle = machine.bundle(wish);
      expect((await machine.tryCreate(bundle)).code, what).not.toBe(0);
    }
  });
});
