import { execFileSync, spawn as startProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ConfigError } from '../../../src/errors/config-error.js';
import { readTable } from '../../../src/compile/seccomp/architectures.js';
import { X86 } from '../../../src/compile/seccomp/tables/x86.js';
import { X86_64 } from '../../../src/compile/seccomp/tables/x86-64.js';
import { ARM64 } from '../../../src/compile/seccomp/tables/arm64.js';
import type { SpawnOptions } from '../../../src/container/spawn.js';
import { makeLab } from '../../helpers/lab.js';
import { describeWhen } from '../../helpers/when.js';

const lab = makeLab();
const directory = mkdtempSync(`${tmpdir()}/corral-seccomp-`);
const table = readTable(process.arch === 'arm64' ? ARM64 : X86_64);
const numberOf = (name: string): string => String(table.get(name));

const COMPILES = existsSync('/usr/bin/gcc');

beforeAll(() => {
  if (!COMPILES) return;
  chmodSync(directory, 0o755);
  for (const name of ['calls', 'listener']) {
    const source = fileURLToPath(new URL(`${name}.c`, import.meta.url));
    execFileSync('gcc', ['-O1', '-Wall', '-Werror', '-static', '-o', `${directory}/${name}`, source]);
  }
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

type Options = Omit<SpawnOptions, 'volumes'>;

/** What a container says that makes one system call. */
async function call(args: readonly string[], options: Options): ReturnType<typeof lab.run> {
  return lab.run(['/probe/calls', ...args], { ...options, volumes: [`${directory}:/probe:ro`] });
}

const allowAllBut = (names: readonly string[], action: string, more: object = {}): Options => ({
  seccomp: { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names, action, ...more }] },
});

describeWhen(COMPILES, 'needs gcc')('a filter is loaded, and', () => {
  it('refuses with an errno', async () => {
    const { stdout } = await call(
      [numberOf('getpgid'), '0'],
      allowAllBut(['getpgid'], 'SCMP_ACT_ERRNO', { errnoRet: 99 }),
    );
    expect(stdout).toBe('errno 99\n');
  });

  it('refuses by the arguments alone', async () => {
    const args = [
      { index: 0, value: 0x1_0000_0005, op: 'SCMP_CMP_EQ' },
      { index: 1, value: 0xff, valueTwo: 0x12, op: 'SCMP_CMP_MASKED_EQ' },
    ];
    const options = allowAllBut(['getpgid'], 'SCMP_ACT_ERRNO', { errnoRet: 99, args });
    const tried = async (one: string, two: string): Promise<string> =>
      (await call([numberOf('getpgid'), one, two], options)).stdout;
    expect(await tried('0x100000005', '0xab12')).toBe('errno 99\n');
    expect(await tried('0x100000005', '0xab13')).not.toBe('errno 99\n');
    expect(await tried('0x200000005', '0xab12')).not.toBe('errno 99\n');
  });

  it.each(['SCMP_ACT_KILL', 'SCMP_ACT_KILL_PROCESS', 'SCMP_ACT_TRAP'])('ends the process with %s', async (action) => {
    const result = await call([numberOf('getpgid'), '0'], allowAllBut(['getpgid'], action));
    expect(result).toMatchObject({ stdout: '', signal: 'SIGSYS' });
  });

  it('traps', async () => {
    const { stdout } = await call(['-trap', numberOf('getpgid')], allowAllBut(['getpgid'], 'SCMP_ACT_TRAP'));
    expect(stdout).toBe(`trap ${numberOf('getpgid')}\n`);
  });

  it('logs, and lets the call through', async () => {
    const options = allowAllBut(['getpgid'], 'SCMP_ACT_LOG');
    const { stdout } = await call([numberOf('getpgid'), '0'], {
      seccomp: { ...(options.seccomp as object), flags: ['SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_TSYNC'] },
    });
    expect(stdout).toMatch(/^ok \d+\n$/);
  });

  it('lets nothing through but what it lists: corral-init itself then needs execve only', async () => {
    const names = ['execve', 'write', 'exit_group', 'brk', 'arch_prctl', 'set_tid_address', 'set_robust_list', 'rseq'];
    const more = ['prlimit64', 'readlinkat', 'readlink', 'getrandom', 'mprotect', 'newfstatat', 'fstat', 'getpgid'];
    const { stdout, stderr } = await call([numberOf('getpgid'), '0'], {
      seccomp: {
        defaultAction: 'SCMP_ACT_KILL_PROCESS',
        syscalls: [{ names: [...names, ...more], action: 'SCMP_ACT_ALLOW' }],
      },
    });
    expect({ stdout, stderr }).toEqual({ stdout: expect.stringMatching(/^ok \d+\n$/) as string, stderr: '' });
  });

  it('comes before the capabilities go where setuid programs may work', async () => {
    const options = allowAllBut(['getpgid'], 'SCMP_ACT_ERRNO', { errnoRet: 99 });
    const { stdout } = await call([numberOf('getpgid'), '0'], {
      ...options,
      noNewPrivileges: false,
      user: '1000:1000',
      capDrop: ['ALL'],
    });
    expect(stdout).toBe('errno 99\n');
  });

  it('is that of a process that enters, too', async () => {
    const options = allowAllBut(['getpgid'], 'SCMP_ACT_ERRNO', { errnoRet: 99 });
    const container = await lab.spawn(['sleep', '1000'], { ...options, volumes: [`${directory}:/probe:ro`] });
    const entered = await lab.containers.exec(container.id, ['/probe/calls', numberOf('getpgid'), '0']);
    expect(await text(entered.stdout)).toBe('errno 99\n');
    await entered.exited;
  });
});

describeWhen(COMPILES, 'needs gcc')('calls of 32-bit x86', () => {
  const getpgid = String(readTable(X86).get('getpgid'));
  const filtered = (architectures: readonly string[]): Options => ({
    seccomp: {
      defaultAction: 'SCMP_ACT_ALLOW',
      architectures,
      syscalls: [{ names: ['getpgid'], action: 'SCMP_ACT_ERRNO', errnoRet: 99 }],
    },
  });

  it('have numbers of their own', async (context) => {
    if (process.arch !== 'x64') context.skip('needs an x86-64 processor');
    const plain = await call(['-32', getpgid, '0'], { seccomp: 'unconfined' });
    if (plain.stdout === '') context.skip('needs a kernel with CONFIG_IA32_EMULATION');
    expect((await call(['-32', getpgid, '0'], filtered(['SCMP_ARCH_X86']))).stdout).toBe('errno 99\n');
    // The number of x86-64 for something else is not mistaken.
    expect((await call(['-32', numberOf('getpgid'), '0'], filtered(['SCMP_ARCH_X86']))).stdout).not.toBe('errno 99\n');
  });

  it('end a process whose profile does not list them', async (context) => {
    if (process.arch !== 'x64') context.skip('needs an x86-64 processor');
    expect(await call(['-32', getpgid, '0'], filtered([]))).toMatchObject({ stdout: '', signal: 'SIGSYS' });
  });
});

describeWhen(COMPILES, 'needs gcc')('the default profile', () => {
  it('refuses what is dangerous, with EPERM', async () => {
    const names = [
      'keyctl',
      'bpf',
      'io_uring_setup',
      'userfaultfd',
      'perf_event_open',
      'kexec_load',
      'swapon',
      'init_module',
    ];
    for (const name of [...names, 'unshare', 'setns', 'mount', 'open_by_handle_at', 'settimeofday']) {
      const { stdout } = await call([numberOf(name), '0xffffffff', '0', '0', '0', '0'], { capAdd: ['NET_ADMIN'] });
      expect(stdout, name).toBe('errno 1\n');
    }
  });

  it('refuses namespaces to clone, and knows no clone3', async () => {
    expect((await call([numberOf('clone'), '0x10000011'], {})).stdout).toBe('errno 1\n');
    expect((await call([numberOf('clone3'), '0', '0'], {})).stdout).toBe('errno 38\n');
  });

  it('says ENOSYS to what is newer than itself', async () => {
    expect((await call(['480'], {})).stdout).toBe('errno 38\n');
    expect((await call(['2000'], {})).stdout).toBe('errno 38\n');
  });

  it('refuses sockets of AF_VSOCK, however the number is written', async () => {
    expect((await call([numberOf('socket'), '40', '1', '0'], {})).stdout).toBe('errno 1\n');
    expect((await call([numberOf('socket'), '0x100000028', '1', '0'], {})).stdout).toBe('errno 1\n');
    expect((await call([numberOf('socket'), '1', '1', '0'], {})).stdout).toMatch(/^ok/);
  });

  it('goes by the capabilities', async () => {
    const refused = await call([numberOf('unshare'), '0x04000000'], {});
    const allowed = await call([numberOf('unshare'), '0x04000000'], { capAdd: ['SYS_ADMIN'] });
    expect([refused.stdout, allowed.stdout]).toEqual(['errno 1\n', 'ok 0\n']);
  });

  it('is not there with seccomp unconfined', async () => {
    const { stdout } = await lab.run(['grep', 'Seccomp:', '/proc/self/status'], { seccomp: 'unconfined' });
    const own = await lab.run(['grep', 'Seccomp:', '/proc/self/status'], { isolation: 'cgroup' });
    expect(stdout).toBe(own.stdout);
  });
});

describeWhen(COMPILES, 'needs gcc')('a profile of a file', () => {
  it('is read in the form of Docker', async () => {
    const path = `${directory}/profile.json`;
    const profile = {
      defaultAction: 'SCMP_ACT_ALLOW',
      archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: null }],
      syscalls: [
        {
          names: ['getpgid'],
          action: 'SCMP_ACT_ERRNO',
          errnoRet: 71,
          args: null,
          includes: { caps: ['CAP_SYS_TIME'] },
        },
        { names: ['getpgid'], action: 'SCMP_ACT_ERRNO', errnoRet: 72, excludes: { caps: ['CAP_SYS_TIME'] } },
      ],
    };
    writeFileSync(path, JSON.stringify(profile));
    const [plain, capable] = [
      await call([numberOf('getpgid'), '0'], { seccomp: path }),
      await call([numberOf('getpgid'), '0'], { seccomp: path, capAdd: ['SYS_TIME'] }),
    ];
    expect([plain.stdout, capable.stdout]).toEqual(['errno 72\n', 'errno 71\n']);
  });

  it('that makes no sense starts nothing', async () => {
    await expect(lab.run(['true'], { seccomp: `${directory}/none.json` })).rejects.toMatchObject({ code: 'ENOENT' });
    const wrong = lab.run(['true'], { seccomp: { defaultAction: 'SCMP_ACT_MAYBE' } });
    await expect(wrong).rejects.toMatchObject({
      pointer: '/linux/seccomp/defaultAction',
    } satisfies Partial<ConfigError>);
    expect(lab.containers.list()).toEqual([]);
  });
});

describeWhen(COMPILES, 'needs gcc')('notifications', () => {
  // Linux 5.19
  const flags = Number(release().split('.')[0]) >= 6 ? ['SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV'] : [];
  const notify = (path: string): Options => ({
    seccomp: {
      defaultAction: 'SCMP_ACT_ALLOW',
      flags,
      listenerPath: path,
      listenerMetadata: 'for the test',
      syscalls: [
        { names: ['getpgid'], action: 'SCMP_ACT_NOTIFY' },
        // By which the process that has the filter would hand its descriptor over.
        { names: ['sendmsg', 'recvmsg'], action: 'SCMP_ACT_KILL_PROCESS' },
      ],
    },
  });

  it.each([
    ['last', {}],
    ['before the capabilities go', { noNewPrivileges: false }],
    ['without an init', { init: false }],
  ] as const)('reach the listener, when the filter is loaded %s', async (name, more) => {
    const path = `${directory}/${name.replaceAll(' ', '-')}.sock`;
    const agent = startProcess(`${directory}/listener`, [path], {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    const lines = createInterface({ input: agent.stdout })[Symbol.asyncIterator]();
    const next = async (): Promise<string> => String((await lines.next()).value);
    try {
      expect(await next()).toBe('listening');
      const result = await call([numberOf('getpgid'), '0'], {
        ...(more as Options),
        ...notify(path),
        name: 'notified',
      });
      expect(result.stdout).toBe('errno 42\n');
      const said = JSON.parse(await next()) as object;
      expect(said).toEqual({
        ociVersion: '1.3.0',
        fds: ['seccompFd'],
        pid: expect.any(Number) as number,
        metadata: 'for the test',
        state: {
          ociVersion: '1.3.0',
          id: 'notified',
          status: 'creating',
          pid: expect.any(Number) as number,
          bundle: '/',
        },
      });
      expect(await next()).toBe(`notified ${numberOf('getpgid')}`);
    } finally {
      if (agent.pid !== undefined) process.kill(-agent.pid, 'SIGKILL');
      await once(agent, 'exit');
    }
  });

  it('without a listener nothing starts', async () => {
    await expect(call([numberOf('getpgid'), '0'], notify(`${directory}/nobody.sock`))).rejects.toMatchObject({
      code: 'ENOENT',
      message: expect.stringContaining('connect to the seccomp listener') as string,
    });
    expect(lab.containers.list()).toEqual([]);
  });
});
