import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { describeSection } from './lib/section.js';

describeSection('config.md: version and root', ({ says }) => {
  says(
    'version.semver',
    async (machine) => {
      for (const ociVersion of [undefined, 'one', '1.0', 1]) {
        expect((await machine.tryCreate({ top: { ociVersion } })).code, String(ociVersion)).not.toBe(0);
      }
    },
    {
      runc: async (machine) => {
        const codes: (number | null)[] = [];
        for (const ociVersion of [undefined, 'one', '1.0', 1]) {
          const { id, code } = await machine.tryCreate({ top: { ociVersion } });
          if (code === 0) machine.delete(id, '--force');
          codes.push(code);
        }
        // A number is no string; that is all it looks at.
        expect(codes).toEqual([0, 0, 0, 1]);
      },
    },
  );

  says('version.compatible', async (machine) => {
    for (const ociVersion of ['1.0.0', '1.0.2-dev', '1.2.1']) {
      expect(await machine.lines({ script: 'echo ran', top: { ociVersion } }), ociVersion).toEqual(['ran']);
    }
  });

  says('root.required', async (machine) => {
    expect((await machine.tryCreate({ root: undefined })).code).not.toBe(0);
  });

  says('root.path-required', async (machine) => {
    expect((await machine.tryCreate({ root: {} })).code).not.toBe(0);
  });

  says('root.path', async (machine) => {
    const bundle = machine.bundle({ script: 'cat /mark' });
    writeFileSync(join(bundle, 'rootfs/mark'), 'relative');
    expect((await machine.run(bundle)).stdout).toBe('relative');
    expect((await machine.run({ script: 'cat /mark', root: { path: join(bundle, 'rootfs') } })).stdout).toBe(
      'relative',
    );
  });

  says('root.directory', async (machine) => {
    expect((await machine.tryCreate({ root: { path: 'nowhere' } })).code).not.toBe(0);
    expect((await machine.tryCreate({ root: { path: 'config.json' } })).code).not.toBe(0);
  });

  says('root.readonly', async (machine) => {
    const script = 'touch /made 2>/dev/null && echo writable || echo read-only';
    const root = join(machine.bundle({ script }), 'rootfs');
    const answers = await Promise.all(
      [{ path: root, readonly: true }, { path: root }].map((one) => machine.lines({ script, root: one })),
    );
    expect(answers).toEqual([['read-only'], ['writable']]);
  });
});
