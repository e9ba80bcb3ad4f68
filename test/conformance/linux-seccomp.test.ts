import { constants } from 'node:os';
import { expect } from 'vitest';
import { readTable } from '../../src/compile/seccomp/architectures.js';
import { ARM64 } from '../../src/compile/seccomp/tables/arm64.js';
import { X86_64 } from '../../src/compile/seccomp/tables/x86-64.js';
import { type Json, ordinaryNamespaces } from './lib/config.js';
import type { Machine, State } from './lib/machine.js';
import { describeSection } from './lib/section.js';
import { FdSocket, type Message } from './lib/sockets.js';

const table = readTable(process.arch === 'arm64' ? ARM64 : X86_64);

/** A command that makes a system call and says how it has gone: an errno, 0 where it has worked. */
const call = (name: string, ...args: readonly (number | string)[]): string =>
  `perl -e 'print syscall(${[table.get(name), ...args].join(', ')}) == -1 ? $! + 0 : 0, "\\n"'`;

const allowBut = (...syscalls: readonly Json[]): Json => ({ defaultAction: 'SCMP_ACT_ALLOW', syscalls });
const linux = (seccomp: Json): Json => ({ seccomp, namespaces: ordinaryNamespaces() });

async function errnos(machine: Machine, seccomp: Json, ...calls: readonly string[]): Promise<readonly number[]> {
  return (await machine.lines({ script: calls.join('\n'), linux: linux(seccomp) })).map(Number);
}

async function refuses(machine: Machine, seccomp: Json): Promise<void> {
  expect((await machine.tryCreate({ linux: linux(seccomp) })).code).not.toBe(0);
}

const { EPERM, ENOSYS } = constants.errno;
const FLAGS = ['SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_SPEC_ALLOW'];
const ERRNO = { action: 'SCMP_ACT_ERRNO' };

describeSection('config-linux.md: seccomp', ({ says }) => {
  says('seccomp.actions', async (machine) => {
    const seccomp = allowBut(
      { names: ['getpgid', 'nosuchcall'], ...ERRNO, errnoRet: ENOSYS },
      { names: ['getsid'], action: 'SCMP_ACT_LOG' },
    );
    expect(await errnos(machine, seccomp, call('getpgid', 0), call('getsid', 0), call('getuid'))).toEqual([
      ENOSYS,
      0,
      0,
    ]);
    // What is not listed meets the default, and what is is killed by SIGSYS.
    const killed = {
      defaultAction: 'SCMP_ACT_LOG',
      syscalls: [{ names: ['getpgid'], action: 'SCMP_ACT_KILL_PROCESS' }],
    };
    const script = `${call('getuid')}; ${call('getpgid', 0)}; echo $?`;
    const { stdout } = await machine.run({ script, linux: linux(killed) });
    expect(stdout).toBe(`0\n${String(128 + constants.signals.SIGSYS)}\n`);
  });

  says('seccomp.errno-default', async (machine) => {
    expect(await errnos(machine, allowBut({ names: ['getpgid'], ...ERRNO }), call('getpgid', 0))).toEqual([EPERM]);
  });

  const withErrno = allowBut({ names: ['getpgid'], action: 'SCMP_ACT_KILL', errnoRet: 5 });
  const byDefault = { defaultAction: 'SCMP_ACT_ALLOW', defaultErrnoRet: 5 };
  says(
    'seccomp.errno',
    async (machine) => {
      await refuses(machine, withErrno);
      await refuses(machine, byDefault);
    },
    {
      runc: async (machine) => {
        for (const seccomp of [withErrno, byDefault]) await machine.run({ linux: linux(seccomp) });
      },
    },
  );

  says('seccomp.names', (machine) => refuses(machine, allowBut({ names: [], ...ERRNO })), {
    runc: async (machine) => {
      expect(await errnos(machine, allowBut({ names: [], ...ERRNO }), call('getpgid', 0))).toEqual([0]);
    },
  });

  says('seccomp.args', async (machine) => {
    const operators = [
      ['SCMP_CMP_EQ', 5, [5], [4, 6]],
      ['SCMP_CMP_NE', 5, [4, 6], [5]],
      ['SCMP_CMP_LT', 5, [4], [5, 6]],
      ['SCMP_CMP_LE', 5, [4, 5], [6]],
      ['SCMP_CMP_GE', 5, [5, 6], [4]],
      ['SCMP_CMP_GT', 5, [6], [5]],
      ['SCMP_CMP_MASKED_EQ', 0xf0, [0x15, 0x1f], [0x25]],
    ] as const;
    // A descriptor that is open nowhere: what the filter lets through is EBADF.
    for (const [op, value, yes, no] of operators) {
      const valueTwo = op === 'SCMP_CMP_MASKED_EQ' ? { valueTwo: 0x10 } : {};
      const rule = {
        names: ['fcntl'],
        ...ERRNO,
        errnoRet: 99,
        args: [
          { index: 0, value: 999, op: 'SCMP_CMP_EQ' },
          { index: 2, value, op, ...valueTwo },
        ],
      };
      const tried: readonly string[] = [...yes, ...no].map((one) => call('fcntl', 999, 1, one));
      expect(await errnos(machine, allowBut(rule), ...tried), op).toEqual([
        ...yes.map(() => 99),
        ...no.map(() => constants.errno.EBADF),
      ]);
    }
  });

  says(
    'seccomp.flags',
    async (machine) => {
      const flags = FLAGS;
      expect(
        await errnos(machine, { ...allowBut({ names: ['getpgid'], ...ERRNO }), flags }, call('getpgid', 0)),
      ).toEqual([EPERM]);
      await refuses(machine, { ...allowBut({ names: ['getpgid'], ...ERRNO }), flags: ['SECCOMP_FILTER_FLAG_NO_SUCH'] });
    },
    {
      runc: (machine) => refuses(machine, { ...allowBut({ names: ['getpgid'], ...ERRNO }), flags: FLAGS }),
    },
  );
});

/** What is told of a container whose filter asks. */
interface ProcessState {
  readonly ociVersion: string;
  readonly fds: readonly string[];
  readonly pid: number;
  readonly metadata?: string;
  readonly state: State;
}

describeSection('config-linux.md: seccomp listener', ({ says, shared }) => {
  const notify = (more: Json): Json => ({ ...allowBut({ names: ['getpgid'], action: 'SCMP_ACT_NOTIFY' }), ...more });

  /** Creates and starts one; nobody answers, and it does not ask. */
  const told = shared(async (machine) => {
    using socket = await FdSocket.open(machine.directory());
    const seccomp = notify({ listenerPath: socket.path, listenerMetadata: 'for the agent' });
    const { id, output } = await machine.create({
      script: 'true',
      linux: linux(seccomp),
      top: { annotations: { 'com.example.key': 'value' } },
    });
    const { pid } = machine.state(id);
    // Its other end is closed at once: the container still runs.
    await socket.untilClosed();
    const isThere = machine.state(id).status === 'created';
    machine.ok('start', id);
    await output;
    await machine.untilStopped(id);
    machine.delete(id);
    const messages: readonly (readonly Message[])[] = socket.messages;
    return {
      id,
      pid,
      isThere,
      messages,
      state: JSON.parse(messages[0]?.map(({ text }) => text).join('') ?? '') as ProcessState,
      target: socket.targets[0],
    };
  });

  // It is one: nothing else could have connected.
  says('listener.socket', async () => expect((await told()).messages.length).toBeGreaterThan(0));
  says('listener.one', async () => expect((await told()).messages.length).toBe(1));
  says('listener.closed', async () => {
    const { isThere, messages } = await told();
    expect([isThere, messages.length]).toEqual([true, 1]);
  });
  says('listener.payload', async () => {
    const { messages, state } = await told();
    expect(state.fds).toEqual(['seccompFd']);
    expect(messages.flat().flatMap(({ fds }) => fds)).toHaveLength(1);
  });
  says('listener.first', async () => {
    const [first, ...others] = (await told()).messages[0] ?? [];
    expect(first?.fds).toHaveLength(1);
    expect(others.flatMap(({ fds }) => fds)).toEqual([]);
  });
  says('listener.fd', async () => expect((await told()).target).toMatch(/^anon_inode:.*seccomp/));
  says('listener.metadata', async () => expect((await told()).state.metadata).toBe('for the agent'));
  says('listener.state', async () => {
    const { id, pid, state } = await told();
    expect(state).toMatchObject({
      ociVersion: expect.any(String) as string,
      pid,
      state: { id, status: 'creating', pid, annotations: { 'com.example.key': 'value' } },
    });
  });

  says('listener.fails', async (machine) => {
    await refuses(machine, notify({ listenerPath: `${machine.directory()}/nobody` }));
  });
  says('listener.ignored', async (machine) => {
    const seccomp = { ...allowBut({ names: ['getpgid'], ...ERRNO }), listenerPath: `${machine.directory()}/nobody` };
    expect(await errnos(machine, seccomp, call('getpgid', 0))).toEqual([EPERM]);
  });
  says(
    'listener.metadata-alone',
    (machine) => refuses(machine, { ...allowBut({ names: ['getpgid'], ...ERRNO }), listenerMetadata: 'x' }),
    {
      runc: async (machine) => {
        expect(
          await errnos(
            machine,
            { ...allowBut({ names: ['getpgid'], ...ERRNO }), listenerMetadata: 'x' },
            call('getpgid', 0),
          ),
        ).toEqual([EPERM]);
      },
    },
  );
});
