import { describe, expect, it } from 'vitest';
import { isReadable, parseKnobs, parseReadable } from '../../../../src/supervisor/cgroups/knobs.js';
import { parseControllers } from '../../../../src/supervisor/cgroups/parse-controllers.js';
import { restoreWrite } from '../../../../src/supervisor/cgroups/restore.js';

describe('values that callers may set', () => {
  it.each([
    ['memory.max', '64M', '67108864'],
    ['memory.high', 4096, '4096'],
    ['memory.low', 'max', 'max'],
    ['memory.oom.group', true, '1'],
    ['memory.oom.group', '0', '0'],
    ['hugetlb.2MB.max', '4M', '4194304'],
    ['hugetlb.1GB.rsvd.max', 'max', 'max'],
    ['pids.max', '7', '7'],
    ['pids.max', 'max', 'max'],
    ['cpu.max', '50000 100000', '50000 100000'],
    ['cpu.max', 'max', 'max'],
    ['cpu.max', 50_000, '50000'],
    ['cpu.weight', 10_000, '10000'],
    ['cpu.weight.nice', '-20', '-20'],
    ['cpu.uclamp.max', '12.34', '12.34'],
    ['cpuset.cpus', '0-3,7', '0-3,7'],
    ['cpuset.mems', '', '\n'],
    ['cpuset.cpus', 2, '2'],
    ['io.max', '8:0 rbps=1048576 wiops=max', '8:0 rbps=1048576 wiops=max'],
    ['io.latency', '8:0 target=5000', '8:0 target=5000'],
    ['io.weight', 100, '100'],
    ['io.weight', 'default 50', 'default 50'],
    ['io.weight', '8:0 200', '8:0 200'],
    ['io.weight', '8:0 default', '8:0 default'],
    ['rdma.max', 'mlx4_0 hca_handle=2 hca_object=max', 'mlx4_0 hca_handle=2 hca_object=max'],
    ['misc.max', 'res_a 3', 'res_a 3'],
    ['cgroup.freeze', 1, '1'],
    ['cgroup.subtree_control', '+memory -pids', '+memory -pids'],
  ])('%s of %j', (knob, value, written) => {
    expect(parseKnobs({ [knob]: value })).toEqual([{ knob, value: written }]);
    expect(isReadable(knob)).toBe(true);
  });

  it.each([
    ['memory.max', '-1'],
    ['memory.max', 'much'],
    ['memory.max', -1],
    ['memory.max', 1.5],
    ['memory.max', true],
    ['memory.oom.group', 2],
    ['pids.max', 4_194_304],
    ['pids.max', -1],
    ['pids.max', '1e3'],
    ['cpu.max', '999 100000'],
    ['cpu.max', '50000 999'],
    ['cpu.max', '50000 1000001'],
    ['cpu.max', '50000 100000 1'],
    ['cpu.max', ''],
    ['cpu.weight', 0],
    ['cpu.weight.nice', 20],
    ['cpu.uclamp.min', '100.01'],
    ['cpuset.cpus', '0-'],
    ['cpuset.cpus', true],
    ['io.max', '8:0'],
    ['io.max', '8:0 rbps=-1'],
    ['io.max', 'sda rbps=1'],
    ['io.latency', '8:0 target=max'],
    ['io.weight', 'default default'],
    ['io.weight', '8:0 8:0 1'],
    ['io.weight', 10_001],
    ['io.bfq.weight', 1001],
    ['rdma.max', 'mlx4_0'],
    ['rdma.max', 'mlx4_0 bad=1'],
    ['misc.max', 'res_a'],
    ['cgroup.subtree_control', 'memory'],
    ['cgroup.freeze', 'yes'],
    ['memory.max', { a: 1 }],
    ['memory.max', null],
  ])('not %s of %j', (knob, value) => {
    expect(() => parseKnobs({ 'pids.max': 1, [knob]: value })).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION', option: knob, value }) as Error,
    );
  });

  it.each([
    'cgroup.procs',
    'cgroup.kill',
    'cgroup.type',
    'memory.reclaim',
    'cpuset.cpus.partition',
    '../memory.max',
    'hugetlb.2MB.current',
    '__proto__',
    '',
  ])('not %j, which is none of them', (knob) => {
    expect(() => parseKnobs(Object.fromEntries([[knob, '1']]))).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION', option: 'values' }) as Error,
    );
  });

  it('a slip of the fingers is told', () => {
    expect(() => parseKnobs({ 'memory.mx': 1 })).toThrow(
      expect.objectContaining({ hint: 'did you mean memory.max?' }) as Error,
    );
  });
});

describe('values that callers may read', () => {
  it.each(['memory.current', 'cpu.stat', 'hugetlb.2MB.events', 'pids.max'])('%s', (file) => {
    expect(parseReadable(file)).toBe(file);
  });
  it.each(['cgroup.procs', 'cgroup.threads', '../memory.max', 'x', 7])('not %j', (file) => {
    expect(() => parseReadable(file)).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION', option: 'names' }) as Error,
    );
  });
});

describe('controllers of a new cgroup', () => {
  it('are those that were asked for, and those of its values', () => {
    const values = parseKnobs({ 'memory.max': 1, 'cgroup.max.depth': 1, 'memory.high': 1 });
    expect(parseControllers(['pids'], values)).toEqual(['pids', 'memory']);
  });
  it.each([[{}], ['memory'], [['+memory']], [[7]]])('are not %j', (controllers) => {
    expect(() => parseControllers(controllers, [])).toThrow(
      expect.objectContaining({ option: 'controllers' }) as Error,
    );
  });
});

describe('what puts a value back', () => {
  it.each([
    ['memory.max', '1', 'max\n', 'max'],
    ['cpuset.cpus', '0', '\n', '\n'],
    ['io.max', '8:0 rbps=1 wiops=2', '8:0 rbps=5 wbps=max riops=max wiops=max\n', '8:0 rbps=5 wiops=max'],
    ['io.max', '8:16 rbps=1', '8:0 rbps=5\n', '8:16 rbps=max'],
    ['io.latency', '8:0 target=1', '', '8:0 target=0'],
    ['io.weight', '50', 'default 100\n8:0 7\n', 'default 100'],
    ['io.weight', '8:0 50', 'default 100\n8:0 7\n', '8:0 7'],
    ['io.weight', '8:16 50', 'default 100\n', '8:16 default'],
    ['misc.max', 'a 1', 'a 5\nb 6\n', 'a 5'],
    ['misc.max', 'c 1', 'a 5\n', 'c max'],
    ['rdma.max', 'd hca_handle=1', 'd hca_handle=4 hca_object=max\n', 'd hca_handle=4'],
    ['cgroup.subtree_control', '+memory -pids', 'pids cpu\n', '-memory +pids'],
  ])('%s, after %j, where it was %j', (knob, value, before, restored) => {
    expect(restoreWrite({ knob, value }, before)).toEqual({ knob, value: restored });
  });
});
