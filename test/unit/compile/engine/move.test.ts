import { describe, expect, test } from 'vitest';
import { compile } from '../../../../src/compile/compile.js';
import { parseConfig } from '../../../../src/spec/config/config.js';
import { ANNOTATIONS } from '../../../../src/spec/annotations.js';
import type { Step } from '../../../../src/plan/steps.js';
import { type Wish, engineSpec } from '../../../helpers/engine-plan.js';
import { hostFacts, mount, plainFacts } from '../../../helpers/facts.js';

const MOUNTS = [
  mount('/', 'ramfs'),
  mount('/sys', 'sysfs'),
  mount('/proc', 'proc'),
  mount('/srv/web/proc', 'proc'),
  mount('/tmp', 'tmpfs'),
];

function changesOfRoot(wish: Wish, facts = hostFacts({ mounts: MOUNTS })): readonly Step[] {
  const spec = engineSpec({ root: { path: '/srv/web' }, ...wish });
  const moved = { ...spec, annotations: { ...spec.annotations, [ANNOTATIONS.noPivot]: 'true' } };
  return compile('web', moved, facts).steps.filter(({ op }) => ['pivot-root', 'change-root', 'move-root'].includes(op));
}

const withAdmin = (set: 'bounding' | 'ambient'): Wish['process'] => ({
  capabilities: {
    bounding: [],
    effective: [],
    permitted: [],
    inheritable: [],
    ambient: [],
    [set]: ['CAP_CHOWN', 'CAP_SYS_ADMIN'],
  },
});

describe('--no-pivot', () => {
  test('moves the root, and takes away what would let a user namespace mount a proc or sysfs without masks', () => {
    expect(changesOfRoot({})).toEqual([{ op: 'move-root', root: 'root', cleared: ['/sys', '/proc'] }]);
    expect(changesOfRoot({ root: { path: '/' } })).toMatchObject([{ cleared: ['/sys', '/proc', '/srv/web/proc'] }]);
  });

  test('is refused without a mount namespace of the container’s own: everybody in it would be moved', () => {
    for (const namespaces of [[], [{ type: 'mount', path: '/run/ns/mnt' }]] as const) {
      expect(() => changesOfRoot({ namespaces, mounts: [] })).toThrow(
        '--no-pivot needs a mount namespace of the container’s own',
      );
    }
  });

  test.each(['bounding', 'ambient'] as const)(
    'is refused to who could move back: CAP_SYS_ADMIN in the %s set',
    (set) => {
      const namespaces = [{ type: 'user' }, { type: 'mount' }] as const;
      expect(() => changesOfRoot({ namespaces, process: withAdmin(set) ?? {} }, plainFacts())).toThrow(
        '--no-pivot in a user namespace needs a process without CAP_SYS_ADMIN',
      );
      // Root of the host could mount the host's disks in any case.
      expect(changesOfRoot({ process: withAdmin(set) ?? {} })).toHaveLength(1);
    },
  );

  test('cannot be asked for by a config.json', () => {
    const config = {
      ociVersion: '1.0.0',
      root: { path: 'rootfs' },
      process: { args: ['true'], cwd: '/', user: { uid: 0, gid: 0 } },
      linux: { namespaces: [{ type: 'mount' }] },
      annotations: { [ANNOTATIONS.noPivot]: 'true', 'org.example': 'kept' },
    };
    const { spec } = parseConfig(JSON.stringify(config), '/bundle');
    expect(spec.annotations).toEqual({ 'org.example': 'kept', [ANNOTATIONS.engine]: 'true' });
  });
});
