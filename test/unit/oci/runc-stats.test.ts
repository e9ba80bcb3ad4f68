import { describe, expect, it } from 'vitest';
import type { Figures } from '../../../src/container/figures.js';
import { formatEvent, formatStatsEvent } from '../../../src/oci/runc-stats.js';

const NOTHING: Figures = {
  pids: {},
  cpu: {},
  cpuset: { flags: {} },
  memory: { usage: {}, swap: {}, kernel: {}, kernelTcp: {}, raw: {} },
  io: {},
  hugetlb: {},
};

const ENTRY = { limit: 0, failcnt: 0 };
const CPUSET = {
  cpu_exclusive: 0,
  mem_hardwall: 0,
  mem_exclusive: 0,
  memory_migrate: 0,
  memory_spread_page: 0,
  memory_spread_slab: 0,
  memory_pressure: 0,
  sched_load_balance: 0,
  sched_relax_domain_level: 0,
};

describe('a stats event', () => {
  it('without any figures has what runc never leaves out', () => {
    expect(JSON.parse(formatStatsEvent('web', NOTHING))).toEqual({
      type: 'stats',
      id: 'web',
      data: {
        cpu: { usage: { kernel: 0, user: 0 }, throttling: {} },
        cpuset: CPUSET,
        memory: { usage: ENTRY, swap: ENTRY, kernel: ENTRY, kernelTCP: ENTRY },
        pids: {},
        blkio: {},
        hugetlb: {},
        intel_rdt: {},
        network_interfaces: null,
      },
    });
  });

  it('has all figures under runc’s names', () => {
    const times = { avg10: 0.5, avg60: 0, avg300: 0, total: 7n };
    const figures: Figures = {
      pids: { current: 3n, limit: 64n },
      cpu: {
        total: 9n,
        user: 5n,
        kernel: 4n,
        perCpu: [4n, 5n],
        periods: 1n,
        throttledPeriods: 2n,
        throttledTime: 3n,
        stall: { some: times, full: times },
      },
      cpuset: { cpus: '0-2,5', mems: '0', flags: { sched_load_balance: 1n, sched_relax_domain_level: -1n } },
      memory: {
        cache: 8n,
        usage: { usage: 10n, max: 20n, limit: 30n, failures: 1n },
        swap: { usage: 11n, limit: 2n ** 64n - 1n },
        kernel: { usage: 1n },
        kernelTcp: { limit: 2n ** 63n - 4096n },
        raw: { file: 8n, anon: 2n },
        stall: { some: times },
      },
      io: {
        bytes: [{ major: 8n, minor: 0n, operation: 'Read', value: 4096n }],
        sectors: [{ major: 8n, minor: 16n, value: 0n }],
        stall: { some: times },
      },
      hugetlb: { '2MB': { usage: 2n, max: 4n, failures: 1n }, '1GB': {} },
    };
    const text = formatStatsEvent('web', figures);
    expect(text).toContain('"limit":18446744073709551615');
    expect(text).toContain('"limit":9223372036854771712');
    const psi = {
      some: { avg10: 0.5, avg60: 0, avg300: 0, total: 7 },
      full: { avg10: 0, avg60: 0, avg300: 0, total: 0 },
    };
    expect(JSON.parse(text)).toMatchObject({
      data: {
        cpu: {
          usage: { total: 9, percpu: [4, 5], kernel: 4, user: 5 },
          throttling: { periods: 1, throttledPeriods: 2, throttledTime: 3 },
          psi: { some: psi.some, full: psi.some },
        },
        cpuset: { ...CPUSET, cpus: [0, 1, 2, 5], mems: [0], sched_load_balance: 1, sched_relax_domain_level: -1 },
        memory: { cache: 8, usage: { limit: 30, usage: 10, max: 20, failcnt: 1 }, raw: { anon: 2, file: 8 }, psi },
        pids: { current: 3, limit: 64 },
        blkio: {
          ioServiceBytesRecursive: [{ major: 8, op: 'Read', value: 4096 }],
          sectorsRecursive: [{ major: 8, minor: 16 }],
          psi,
        },
        hugetlb: { '2MB': { usage: 2, max: 4, failcnt: 1 }, '1GB': { failcnt: 0 } },
      },
    });
  });

  it('keeps a text that looks like a number a text', () => {
    expect(formatEvent('oom', '12')).toBe('{"type":"oom","id":"12"}');
  });
});
