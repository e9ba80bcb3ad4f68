import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Machine } from './lib/machine.js';
import { describeSection } from './lib/section.js';

describeSection('bundle.md and glossary.md', ({ says }) => {
  says('bundle.config', async (machine) => {
    const bundle = machine.bundle({ script: 'echo ran' });
    mkdirSync(join(bundle, 'below'));
    renameSync(join(bundle, 'config.json'), join(bundle, 'below/config.json'));
    expect((await machine.tryCreate(bundle)).code).not.toBe(0);
    renameSync(join(bundle, 'below/config.json'), join(bundle, 'config.js'));
    expect((await machine.tryCreate(bundle)).code).not.toBe(0);
    renameSync(join(bundle, 'config.js'), join(bundle, 'config.json'));
    expect((await machine.run(bundle)).stdout).toBe('ran\n');
  });

  const latin1 = (machine: Machine): Uint8Array =>
    Buffer.from(
      JSON.stringify(machine.config({ script: 'printf "%s" "$WORD"', process: { env: ['PATH=/bin', 'WORD=\u00e9'] } })),
      'latin1',
    );
  says(
    'json.utf8',
    async (machine) => {
      expect((await machine.tryCreate(machine.bundle(latin1(machine)))).code).not.toBe(0);
    },
    {
      runc: async (machine) => {
        const { stdout } = await machine.run(machine.bundle(latin1(machine)));
        expect(stdout).not.toBe('\u00e9');
      },
    },
  );

  const twice = (machine: Machine): string =>
    JSON.stringify(machine.config({ script: 'hostname', top: { hostname: 'one' } })).replace(
      /}$/,
      ',"hostname":"two"}',
    );
  const lastCounts = async (machine: Machine): Promise<void> => {
    expect((await machine.run(machine.bundle(twice(machine)))).stdout).toBe('two\n');
  };
  says(
    'json.duplicates',
    async (machine) => {
      expect((await machine.tryCreate(machine.bundle(twice(machine)))).code).not.toBe(0);
    },
    { runc: lastCounts, 'corral-oci': lastCounts },
  );
});
