import { describe, expect, it } from 'vitest';
import { selectDriver } from '../../../../src/cgroup/systemd/driver.js';
import type { CgroupFacts, ScopeFacts } from '../../../../src/cgroup/types.js';

const SYSTEMD: ScopeFacts = { manager: 'user', delegated: false, controllers: ['memory'] };
const PROBLEM = { text: 'no systemd runs for this user', hint: 'loginctl enable-linger' };

function facts(systemd?: Partial<ScopeFacts>): CgroupFacts {
  return {
    layout: { mode: 'unified', v1: [], named: [], disabled: [] },
    v1Base: [],
    v1Top: [],
    hasSwap: false,
    ...(systemd && { systemd: { ...SYSTEMD, ...systemd } }),
  };
}

describe('the driver that is right for a host', () => {
  it.each([
    ['cgroupfs', 'without systemd', facts(), undefined],
    ['systemd', 'with systemd', facts({}), undefined],
    ['cgroupfs', 'in a cgroup that systemd has left to the caller', facts({ delegated: true }), undefined],
    ['cgroupfs', 'where its systemd cannot be asked', facts({ problem: PROBLEM }), undefined],
    ['cgroupfs', 'below a path', facts({}), 'ci/job-7'],
    ['cgroupfs', 'below an absolute path', facts({}), '/ci'],
    ['systemd', 'in a slice', facts({}), 'ci.slice'],
    ['systemd', 'in a slice, although the own cgroup would do', facts({ delegated: true }), 'ci.slice'],
    ['cgroupfs', 'below what is called like a slice, without systemd', facts(), 'ci.slice'],
  ] as const)('is %s %s', (driver, _where, host, parent) => {
    expect(selectDriver({ facts: host, parent })).toBe(driver);
  });
});

describe('the driver that is asked for', () => {
  it('is taken', () => {
    expect(selectDriver({ facts: facts({}), wanted: 'cgroupfs' })).toBe('cgroupfs');
    expect(selectDriver({ facts: facts({ delegated: true }), wanted: 'systemd' })).toBe('systemd');
    expect(selectDriver({ facts: facts({}), wanted: 'systemd', parent: '-.slice' })).toBe('systemd');
  });

  it('is refused where systemd has not booted the host', () => {
    expect(() => selectDriver({ facts: facts(), wanted: 'systemd' })).toThrow(
      expect.objectContaining({
        code: 'ERR_UNSUPPORTED',
        message: 'the systemd cgroup driver needs systemd as process 1, and there is no /run/systemd/system',
        hint: 'leave the driver to corral, or say cgroupfs',
      }),
    );
  });

  it('is refused where it cannot be asked, with the reason and the way out', () => {
    expect(() => selectDriver({ facts: facts({ problem: PROBLEM }), wanted: 'systemd' })).toThrow(
      expect.objectContaining({
        message: 'the systemd cgroup driver needs a systemd to ask: no systemd runs for this user',
        hint: 'loginctl enable-linger',
      }),
    );
  });

  it('takes no path as a parent', () => {
    expect(() => selectDriver({ facts: facts({}), wanted: 'systemd', parent: '/ci' })).toThrow(
      'cgroupParent: "/ci" is not the name of a slice such as ci.slice, which is what systemd takes',
    );
  });
});
