import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Process } from '../../../src/spec/types.js';
import { makeEngineLab } from '../../helpers/engine-process.js';
import { type SpecChanges, engineSpec } from '../../helpers/engine-spec.js';
import { makeLab } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';

const lab = makeLab();
const engine = makeEngineLab(lab);

const withProcess = (process: Partial<Process>): SpecChanges => ({ process });

describe('limits and priorities', () => {
  it('sets rlimits', async () => {
    const rlimits = [
      { type: 'RLIMIT_NOFILE', soft: 32, hard: 64 },
      { type: 'RLIMIT_CORE', soft: 0, hard: 0 },
    ];
    const out = await engine.say("grep -E '^Max (open|core)' /proc/self/limits", withProcess({ rlimits }));
    expect(out.replaceAll(/ +/g, ' ')).toBe('Max core file size 0 0 bytes \nMax open files 32 64 files \n');
  });

  it('sets oom_score_adj', async () => {
    expect(await engine.say('cat /proc/self/oom_score_adj', withProcess({ oomScoreAdj: 321 }))).toBe('321\n');
    const own = readFileSync('/proc/self/oom_score_adj', 'utf8');
    expect(await engine.say('cat /proc/self/oom_score_adj')).toBe(own);
  });

  // proc_pid_stat(5): nice is the 19th field, the real-time priority the 40th, the policy the 41st.
  const readScheduler = (stat: string): readonly (string | undefined)[] => {
    const fields = stat.split(') ')[1]?.split(' ') ?? [];
    return [fields[16], fields[37], fields[38]];
  };
  const STAT = { args: ['cat', '/proc/self/stat'] };

  it('sets the scheduler', async () => {
    const scheduler = { policy: 'SCHED_BATCH', nice: 7, flags: ['SCHED_FLAG_RESET_ON_FORK'] };
    expect(readScheduler(await engine.say('', withProcess({ scheduler, ...STAT })))).toEqual(['7', '0', '3']);
    const idle = { policy: 'SCHED_IDLE' };
    expect(readScheduler(await engine.say('', withProcess({ scheduler: idle, ...STAT }))).slice(1)).toEqual(['0', '5']);
  });

  it('sets a real-time scheduler', async (context) => {
    requires(context, { root: true });
    const scheduler = { policy: 'SCHED_FIFO', priority: 3 };
    const made = engine.start(engineSpec('', withProcess({ scheduler, ...STAT }), engine.rootfs));
    const started = await made.catch((error: unknown) => {
      // Where v1's cpu controller gives no real-time budget to the cgroup.
      expect(error).toMatchObject({ op: 'set-scheduler', code: 'EPERM' });
      context.skip('needs a kernel that lets cgroups of this host run in real time');
    });
    expect(readScheduler((await started?.end())?.out ?? '').slice(1)).toEqual(['3', '1']);
  });

  it('sets the I/O priority', async () => {
    const ioPriority = { class: 'IOPRIO_CLASS_BE', priority: 6 } as const;
    expect(await engine.say('ionice -p $$', withProcess({ ioPriority }))).toBe('best-effort: prio 6\n');
    const idle = { class: 'IOPRIO_CLASS_IDLE', priority: 0 } as const;
    expect(await engine.say('ionice -p $$', withProcess({ ioPriority: idle }))).toContain('idle');
  });

  it('sets the memory policy', async (context) => {
    const memoryPolicy = { mode: 'MPOL_INTERLEAVE', nodes: '0', flags: ['MPOL_F_STATIC_NODES'] };
    const changes = { linux: { memoryPolicy }, process: { args: ['cat', '/proc/self/numa_maps'] } };
    const out = await engine.say('', changes);
    if (out.includes('No such file')) context.skip('needs a kernel with NUMA');
    expect(out).toContain('interleave=static:0');
  });

  it('shows another machine', async () => {
    expect(await engine.say('uname -m', { linux: { personality: { domain: 'LINUX32' } } })).toMatch(
      /^(i686|armv8l)\n$/,
    );
    const plain = await engine.say('uname -m');
    expect(await engine.say('uname -m', { linux: { personality: { domain: 'LINUX' } } })).toBe(plain);
  });

  it('gives an entered process CPUs, and takes those back that it entered on', async () => {
    const started = await engine.start(engineSpec('sleep 1000', {}, engine.rootfs));
    const ask = { args: ['sh', '-c', "grep Cpus_allowed_list /proc/self/status | grep -o '[0-9,-]*$'"] };
    const affinityOf = async (execCPUAffinity: Process['execCPUAffinity']): Promise<string> =>
      (await (await engine.exec(started, { ...ask, ...(execCPUAffinity && { execCPUAffinity }) })).end()).out;
    const all = await affinityOf(undefined);
    expect(await affinityOf({ final: '0' })).toBe('0\n');
    expect(await affinityOf({ initial: '0' })).toBe(all);
    expect(await affinityOf({ initial: '1000', final: '0' })).toBe('0\n');
  });
});
