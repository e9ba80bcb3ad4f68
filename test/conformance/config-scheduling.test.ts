import { readFileSync, writeFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { expect } from 'vitest';
import type { Json } from './lib/config.js';
import type { CreateOptions, Machine } from './lib/machine.js';
import { OTHERS, describeSection } from './lib/section.js';
import { facts } from './lib/text.js';

// Field 40 and 41 of stat are the real-time priority and the policy, 19 is the nice value; the file itself rounds nothing.
const SCHEDULING =
  'set -- $(sed "s/.*) //" /proc/self/stat); shift 16; echo nice $1; shift 21; echo priority $1; echo policy $2';
const OTHER = { SCHED_BATCH: '3', SCHED_IDLE: '5' };

async function schedule(
  machine: Machine,
  scheduler: Json,
  options: CreateOptions = {},
): Promise<Readonly<Record<string, string>>> {
  return facts(await machine.run({ script: SCHEDULING, process: { scheduler } }, options));
}

const IO_PRIORITY = 'echo self $(ionice -p $$); (echo child $(ionice))';

describeSection('config.md: Linux process, scheduling', ({ says, shared }) => {
  const batch = shared((machine) => schedule(machine, { policy: 'SCHED_BATCH', nice: 5 }));
  says(
    'scheduler.policy',
    async () => {
      expect(await batch()).toMatchObject({ policy: OTHER.SCHED_BATCH, nice: '5' });
    },
    OTHERS.ignores('process', { scheduler: { policy: 'SCHED_BATCH', nice: 5 } }),
  );

  const niced = (machine: Machine): ReturnType<typeof schedule> =>
    schedule(machine, { policy: 'SCHED_OTHER' }, { through: ['nice', '-n', '3'] });
  const ours = getPriority();
  says(
    'scheduler.nice',
    async (machine) => {
      expect(await niced(machine)).toMatchObject({ policy: '0', nice: '0' });
    },
    {
      runc: async (machine) => {
        expect(await niced(machine)).toMatchObject({ policy: '0', nice: String(Math.min(ours + 3, 19)) });
      },
    },
  );
  says(
    'scheduler.priority',
    async () => expect((await batch())['priority']).toBe('0'),
    OTHERS.ignores('process', { scheduler: { policy: 'SCHED_BATCH' } }),
  );

  // With no runtime at all the kernel refuses: nothing else is put in its place.
  says(
    'scheduler.deadline',
    async (machine) => {
      expect((await machine.tryCreate({ process: { scheduler: { policy: 'SCHED_DEADLINE' } } })).code).not.toBe(0);
    },
    OTHERS.ignores('process', { scheduler: { policy: 'SCHED_DEADLINE' } }),
  );

  says(
    'process.io-priority',
    async (machine) => {
      const ioPriority = { class: 'IOPRIO_CLASS_BE', priority: 6 };
      const seen = facts(await machine.run({ script: IO_PRIORITY, process: { ioPriority } }));
      expect(seen).toEqual({ self: 'best-effort: prio 6', child: 'best-effort: prio 6' });
    },
    OTHERS.ignores('process', { ioPriority: { class: 'IOPRIO_CLASS_BE', priority: 6 } }),
  );

  const CPUS = 'sed -n "s/^Cpus_allowed_list:.//p" /proc/self/status';
  const own = /^Cpus_allowed_list:\t(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';

  says('process.cpu-affinity-init', async (machine) => {
    expect(await machine.lines({ script: CPUS, process: { execCPUAffinity: { initial: '0', final: '0' } } })).toEqual([
      own,
    ]);
  });

  /** Where a process runs that `exec` starts. */
  const execute = async (machine: Machine, execCPUAffinity: Json): Promise<string> => {
    const { id } = await machine.create({ script: 'exec sleep 1000' });
    machine.ok('start', id);
    const directory = machine.directory();
    const process = { args: ['/bin/sh', '-c', CPUS], cwd: '/', env: [], user: { uid: 0, gid: 0 }, execCPUAffinity };
    const file = `${directory}/process.json`;
    writeFileSync(file, JSON.stringify(process));
    return machine.ok('exec', '--process', file, id).trim();
  };
  says(
    'process.cpu-affinity',
    async (machine) => {
      expect(await execute(machine, { initial: '0', final: '0' })).toBe('0');
    },
    {
      runc: async (machine) => {
        expect(await execute(machine, { initial: '0', final: '0' })).toBe(own);
      },
    },
  );
  says('process.cpu-affinity-none', async (machine) => {
    expect(await execute(machine, {})).toBe(own);
  });
});
