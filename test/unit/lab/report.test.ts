import { describe, expect, it } from 'vitest';
import { formatHosts, titleOf } from '../../lab/lib/hosts-table.mjs';
import { formatFailures, formatLeftOut, formatSkips, formatTable } from '../../lab/lib/report.mjs';
import { emptyTally } from '../../lab/lib/tally.mjs';

const CELLS = [
  { host: 'v2', suite: 'cli', seconds: 61.4, tally: { ...emptyTally(), passed: 12, skipped: 1 } },
  {
    ...{ host: 'legacy', suite: 'cgroup', seconds: 5 },
    tally: {
      ...emptyTally(),
      ...{ passed: 1, failed: 1, skipped: 2, failures: [{ name: 'cgroup/kill > x', text: 'was 1\nbut 2' }] },
      skips: ['a', 'b'].map((name) => ({ name, reason: 'needs cgroup v2' })),
    },
  },
];
const LEFT_OUT = ['cp', 'run'].map((name) => ({
  ...{ host: 'legacy', suite: 'cli', file: `cli/${name}.test.ts`, reason: 'slow' },
}));

describe('the table of suites', () => {
  it('has a row for each suite and a column for each host', () => {
    expect(formatTable(CELLS, LEFT_OUT)).toBe(
      [
        'passed/failed/skipped  v2           legacy',
        'cgroup                 -            1/1/2 5 s',
        'cli                    12/0/1 61 s  -',
      ].join('\n'),
    );
  });

  it('is followed by what was left out, skipped, and has failed', () => {
    expect(formatLeftOut(LEFT_OUT)).toEqual(['left out on legacy: cli (cp, run): slow']);
    expect(formatSkips(CELLS)).toEqual(['2 skipped on legacy: needs cgroup v2']);
    expect(formatFailures(CELLS)).toEqual(['FAILED on legacy: cgroup/kill > x\n    was 1\n    but 2']);
  });
});

describe('the table of features', () => {
  const about = { kernel: '6.1.176', cgroups: 'v2', uid: 0 };

  it('has reasons below it, each once', () => {
    const refused = { result: 'refused', detail: 'io limit needs the io controller' } as const;
    const hosts = [
      { title: 'here', probed: { ...about, features: { run: { result: 'pass', detail: '' }, io: refused } as const } },
      {
        title: 'there',
        probed: {
          ...about,
          features: {
            io: refused,
            kill: { result: 'pass', detail: 'freezer' },
            exec: { result: 'fail', detail: 'EBUSY' },
          } as const,
        },
      },
      { title: 'nowhere', probed: 'no guest' },
    ];
    expect(formatHosts(hosts)).toBe(
      [
        '|  | here | there | nowhere |',
        '| --- | --- | --- | --- |',
        '| run | pass | - | **not run** [1] |',
        '| io | refused [2] | refused [2] | **not run** [1] |',
        '| kill | - | pass: freezer | **not run** [1] |',
        '| exec | - | **fails** [3] | **not run** [1] |',
        '',
        '1. no guest',
        '2. io limit needs the io controller',
        '3. EBUSY',
      ].join('\n'),
    );
  });

  it('calls this machine by what matters', () => {
    expect(titleOf({ ...about, kernel: '6.18.44-x', cgroups: 'hybrid', features: {} })).toBe('host 6.18, hybrid, root');
    expect(titleOf({ ...about, uid: 1000, features: {} })).toBe('host 6.1, v2, uid 1000');
  });
});
