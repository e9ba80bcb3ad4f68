import { describe, expect, test } from 'vitest';
import { compile } from '../../../src/compile/compile.js';
import type { HiddenPath, HostFacts } from '../../../src/host/facts.js';
import { describeStep } from '../../../src/plan/describe.js';
import type { ContainerOptions } from '../../../src/spec/options.js';
import { hostFacts, mount, plainFacts, specOf } from '../../helpers/facts.js';

const plan = (facts: HostFacts, options: ContainerOptions = {}) => compile('web', specOf(options), facts);
const lines = (facts: HostFacts, options?: ContainerOptions): readonly string[] =>
  plan(facts, options).steps.map(describeStep);

const HIDDEN: readonly HiddenPath[] = [
  { path: '/etc/shadow', kind: 'file', mode: 0o640 },
  { path: '/etc/ssl/private', kind: 'directory', mode: 0o710 },
];
/** Inside two containers already. */
const DEEP = hostFacts({
  userns: {
    initial: false,
    uids: [{ containerId: 0, hostId: 0, size: 65536 }],
    gids: [{ containerId: 0, hostId: 0, size: 65536 }],
  },
  mounts: [mount('/', 'overlay'), mount('/srv', 'overlay'), mount('/data', 'ext4')],
  unstackable: ['/'],
  homes: ['/root'],
  hidden: HIDDEN,
  kinds: { '/etc/hosts': 'file', '/root/work': 'directory' },
});

describe('where no further overlay can be stacked', () => {
  test('the root is bound read-only, and that is said; what lies on fewer overlays still is one', () => {
    expect(lines(DEEP)).toContain('attach host-root to stage:root');
    expect(lines(DEEP).filter((line) => line.startsWith('mount overlay'))).toEqual([
      'mount overlay on /srv',
      'mount overlay on /data',
    ]);
    expect(plan(DEEP).notes).toEqual(['read-only, since overlays stack two deep and there are two already: /']);
  });

  test('an overlay on one says that it is the last', () => {
    const sources = plan(DEEP).steps.flatMap((step) =>
      step.op === 'mount' && step.type === 'overlay' ? [step.source] : [],
    );
    expect(sources).toEqual(['overlay-on-overlay', 'overlay']);
  });

  test('hidden directories and homes are private and empty, hidden files masked', () => {
    expect(lines(DEEP)).toEqual(
      expect.arrayContaining(['mount tmpfs on /root', 'mount tmpfs on /etc/ssl/private', 'mask /etc/shadow']),
    );
  });

  test('the container’s own names replace the files that are there', () => {
    const all = lines(DEEP);
    expect(all).toContain('attach file.0 to /etc/hosts');
    expect(all.filter((line) => line.includes('/etc/hostname'))).toEqual([]);
  });

  test('a working directory in a home is shown, read-only', () => {
    const all = lines(DEEP, { cwd: '/root/work' });
    expect(all.indexOf('attach expose.0 to /root/work')).toBeGreaterThan(all.indexOf('mount tmpfs on /root'));
  });

  test('what came locked from outside is taken whole, read-only; what is mounted in it may still be an overlay', () => {
    const facts = {
      ...DEEP,
      unstackable: [],
      mounts: [...DEEP.mounts, mount('/data/more', 'ext4')],
      locked: ['/data'],
    };
    expect(plan(facts).fds).toContainEqual({
      slot: 'host/data',
      kind: 'tree',
      path: '/data',
      recursive: true,
      idmap: false,
    });
    expect(lines(facts)).toContain('attach host/data to /data');
    expect(lines(facts)).toContain('mount overlay on /data/more');
    expect(plan(facts).notes).toEqual(['/data is read-only: other file systems are mounted below it']);
  });

  test('an unprivileged user gets the directories of the root bound one by one', () => {
    const facts = { ...plainFacts(), mounts: DEEP.mounts, unstackable: ['/'] };
    expect(lines(facts).filter((line) => line.startsWith('mount overlay'))).toEqual([]);
    expect(lines(facts)).toContain('attach host/usr to /usr');
    expect(plan(facts).notes).toContain('read-only, since overlays stack two deep and there are two already: /usr');
  });
});

describe('where all files belong to nobody', () => {
  const facts = hostFacts({ mounts: [mount('/', 'nfs'), mount('/srv', 'nfs')] });

  test('root gets the directories around its mount points, in which it could make none', () => {
    const all = lines(facts, { nest: true, volumes: ['/data:/mnt/data', '/data:/srv/deep/data'] });
    expect(all).toContain('make directory stage:layer.0.cover/mnt');
    expect(all).toContain('make directory stage:layer.1.cover/deep');
    expect(all.filter((line) => line.includes('layer.0.cover/srv'))).toEqual([]);
  });
});
