import { expect, it } from 'vitest';
import { lowerRlimits, parseRights, parseRlimits } from '../../../../src/supervisor/caller/rights.js';
import { RLIM_INFINITY } from '../../../../src/util/linux.js';

const LIMITS = `Limit                     Soft Limit           Hard Limit           Units     
Max cpu time              unlimited            unlimited            seconds   
Max open files            1024                 524288               files     
Max realtime priority     0                    0                    
Max something new         1                    2                    things    
`;

it('reads limits, and lowers them to what can be given', () => {
  const limits = parseRlimits(LIMITS);
  expect(limits).toEqual([
    { type: 'RLIMIT_CPU', soft: RLIM_INFINITY, hard: RLIM_INFINITY },
    { type: 'RLIMIT_NOFILE', soft: 1024, hard: 524_288 },
    { type: 'RLIMIT_RTPRIO', soft: 0, hard: 0 },
  ]);
  const own = [
    { type: 'RLIMIT_CPU', soft: 5, hard: 9 },
    { type: 'RLIMIT_NOFILE', soft: 1, hard: RLIM_INFINITY },
  ];
  expect(lowerRlimits(limits, own)).toEqual([{ type: 'RLIMIT_CPU', soft: 9, hard: 9 }, ...limits.slice(1)]);
});

it('reads rights', () => {
  const text =
    'Name:\tCapEff: x\nCapPrm:\t0000000000000003\nCapEff:\t0000000000000001\nCapBnd:\t00000000a80425fb\nSeccomp:\t2\n';
  expect(parseRights(text)).toEqual({
    effective: 1n,
    permitted: 3n,
    bounding: 0xa80425fbn,
    filters: undefined,
    unfiltered: false,
  });
  expect(parseRights(`${text}Seccomp_filters:\t3\n`).filters).toBe(3);
  expect(parseRights(text.replace('CapEff: x', '\rSeccomp:0'))).toMatchObject({ unfiltered: false });
  expect(parseRights(text.replace('CapEff: x', '\rCapEff:ff'))).toMatchObject({ effective: 1n });
  expect(parseRights('')).toMatchObject({ effective: 0n, unfiltered: true });
});
