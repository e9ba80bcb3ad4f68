import { describe, expect, it } from 'vitest';
import { summarizePhases } from '../../../bench/lib/phases.mjs';

const STEPS = ['set-user', 'mount', 'mask-path', 'pivot-root', 'set-hostname', 'set-umask', 'stay-as-init', 'exec'].map(
  (op) => ({ op, ...(op === 'mount' ? { root: 'root', target: '/proc' } : {}) }),
);

type Mark = readonly [name: string, nanoseconds: number];

const PARENT: readonly Mark[] = [
  ['call', 1_000_000],
  ['begin make state file', 1_100_000],
  ['begin make cgroup /sys/fs/cgroup/corral/0123', 1_150_000],
  ['begin make report page', 1_250_000],
  ['begin clone corral-init', 1_260_000],
  ['end clone corral-init', 1_550_000],
  ['begin clone mount /', 1_600_000],
  ['begin send plan', 1_630_000],
];

// The step of the masks is too short to be seen.
const INIT: readonly Mark[] = [
  ['step 0', 1_700_000],
  ['step 1', 1_900_000],
  ['step 3', 2_200_000],
  ['step 4', 2_300_000],
  ['step 5', 2_400_000],
  ['step 6', 2_430_000],
  ['step 7', 2_500_000],
  ['command exited', 3_000_000],
];

const END: Mark = ['gone', 3_500_000];

describe('summarizePhases', () => {
  const floor = [{ 'make cgroups': 80, clone: 200, fork: 10, 'rights, exec': 20, 'run command': 300 }];
  const rows =
    summarizePhases(
      {
        corral: [
          [...PARENT, END],
          [...PARENT, ...INIT, END],
        ],
        floor,
      },
      STEPS,
    ) ?? [];
  const find = (start: string): number | undefined => rows.find(({ name }) => name.startsWith(start))?.corral;

  it('cuts the parent’s part at its actions', () => {
    expect(rows.slice(0, 6).map(({ corral }) => corral)).toEqual([100, 50, 100, 300, 50, 30]);
  });

  it('cuts the part of init at the steps of the plan', () => {
    expect(find('hand over')).toBe(70);
    expect(find('root')).toBe(200);
    expect(find('mounts')).toBe(300);
    expect(find('pivot')).toBe(100);
    expect(find('fork')).toBe(570);
    expect(find('tear down')).toBe(500);
  });

  it('gives the time of a phase that was not seen to the one before it', () => {
    expect(find('masks')).toBe(0);
  });

  it('loses nothing: the phases together are the whole', () => {
    expect(rows.at(-1)).toMatchObject({ name: 'together', corral: 2500 });
  });

  it('puts the same phases of the floor beside them', () => {
    expect(rows.find(({ name }) => name === 'make cgroups')?.floor).toBe(80);
    expect(rows.find(({ name }) => name.startsWith('fork'))?.floor).toBe(330);
    expect(rows[0]?.floor).toBeUndefined();
  });

  it('says nothing when the watcher saw too little', () => {
    const blind = [...PARENT, ...INIT.slice(-2), END];
    expect(summarizePhases({ corral: [[...PARENT, END], blind], floor }, STEPS)).toBeUndefined();
  });

  it('times the parent by the containers that nobody watched', () => {
    const slow = [...PARENT, ...INIT, END].map(([name, at]): Mark => [name, at < 1_600_000 ? at : at + 1_000_000]);
    const mixed = summarizePhases({ corral: [[...PARENT, END], slow], floor }, STEPS) ?? [];
    expect(mixed.find(({ name }) => name === 'id maps')?.corral).toBe(50);
  });
});
