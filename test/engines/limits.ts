import { readFileSync } from 'node:fs';
import { readCgroupFacts } from '../../src/cgroup/facts.js';

/** As they stand in the files: `cpu` is the quota and the period. */
export type Limits = Readonly<Record<'memory' | 'pids' | 'cpu', string>>;

/** Reads the limits of a process from the files of its cgroups. */
export function readLimits(pid: number): Limits {
  const lines = readFileSync(`/proc/${String(pid)}/cgroup`, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(':'));
  const { v2, v1 } = readCgroupFacts().layout;
  const file = (controller: string, of2: string, of1: string): string => {
    const hierarchy = v1.find(({ controllers }) => controllers.includes(controller));
    const line = lines.find(([, list = '']) =>
      hierarchy === undefined ? list === '' : list.split(',').includes(controller),
    );
    const path = line?.slice(2).join(':') ?? '';
    return readFileSync(
      `${hierarchy?.mount ?? v2?.mount ?? ''}${path}/${hierarchy === undefined ? of2 : of1}`,
      'utf8',
    ).trim();
  };
  const onV1 = v1.some(({ controllers }) => controllers.includes('cpu'));
  return {
    memory: file('memory', 'memory.max', 'memory.limit_in_bytes'),
    pids: file('pids', 'pids.max', 'pids.max'),
    cpu: onV1
      ? `${file('cpu', '', 'cpu.cfs_quota_us')} ${file('cpu', '', 'cpu.cfs_period_us')}`
      : file('cpu', 'cpu.max', ''),
  };
}
