import { spawnSync } from 'node:child_process';
import { openSync, readFileSync, readlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/errors/config-error.js';
import { Fd } from '../../../src/native/fd.js';
import { setns, unshare } from '../../../src/native/lowlevel.js';
import type { Linux, Mount, Namespace, SpecNamespaceType } from '../../../src/spec/types.js';
import { type Started, makeEngineLab } from '../../helpers/engine-process.js';
import { type SpecChanges, engineSpec } from '../../helpers/engine-spec.js';
import { makeLab } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';

const lab = makeLab();
const engine = makeEngineLab(lab);

/** Names in /proc/PID/ns. */
const FILES: Readonly<Record<SpecNamespaceType, string>> = {
  user: 'user',
  mount: 'mnt',
  pid: 'pid',
  ipc: 'ipc',
  uts: 'uts',
  network: 'net',
  cgroup: 'cgroup',
  time: 'time',
};

const IDS = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
const MAPPED: Partial<Linux> = { uidMappings: IDS, gidMappings: IDS };

const pathOf = (pid: number | 'self', type: SpecNamespaceType): string => `/proc/${String(pid)}/ns/${FILES[type]}`;
const identityOf = (pid: number | 'self', type: SpecNamespaceType): string => readlinkSync(pathOf(pid, type));

const fresh = (...types: readonly SpecNamespaceType[]): readonly Namespace[] => types.map((type) => ({ type }));
const joined = ({ process: { pid } }: Started, ...types: readonly SpecNamespaceType[]): readonly Namespace[] =>
  types.map((type) => ({ type, path: pathOf(pid, type) }));

function start(namespaces: readonly Namespace[], changes: SpecChanges = {}): Promise<Started> {
  const linux = { ...changes.linux, namespaces };
  return engine.start(engineSpec('exec sleep 1000', { ...changes, linux }, engine.rootfs));
}

async function sayIn(started: Started, script: string): Promise<string> {
  return (await (await engine.exec(started, { args: ['sh', '-c', script] })).end()).out;
}

const PAUSE = ['mount', 'pid', 'ipc', 'uts', 'network'] as const;

describe('of a namespace', () => {
  it('that is not listed, the runtime’s own is inherited', async (context) => {
    requires(context, { root: true });
    const one = await start(fresh('mount', 'pid'));
    for (const type of ['ipc', 'uts', 'network', 'user', 'cgroup', 'time'] as const) {
      expect(identityOf(one.process.pid, type), type).toBe(identityOf('self', type));
    }
    for (const type of ['mount', 'pid'] as const) {
      expect(identityOf(one.process.pid, type), type).not.toBe(identityOf('self', type));
    }
  });

  it('that is listed without a path, there is a new one: of each type', async (context) => {
    requires(context, { root: true });
    const types = ['mount', 'pid', 'ipc', 'uts', 'network', 'cgroup', 'time', 'user'] as const;
    const one = await start(fresh(...types), { linux: MAPPED });
    for (const type of types) expect(identityOf(one.process.pid, type), type).not.toBe(identityOf('self', type));
    const linux = { ...MAPPED, namespaces: fresh(...types) };
    expect(await engine.say('cat /proc/self/cgroup', { linux })).toMatch(/^0::\/$/m);
  });

  it.each(['ipc', 'uts', 'network', 'cgroup', 'pid', 'time'] as const)(
    'of type %s that is listed with a path, that one is joined',
    async (type) => {
      const one = await start(fresh('mount', 'pid', type === 'pid' ? 'ipc' : type));
      const others = (['mount', 'pid'] as const).filter((other) => other !== type);
      const two = await start([...fresh(...others), ...joined(one, type)]);
      expect(identityOf(two.process.pid, type)).toBe(identityOf(one.process.pid, type));
      expect(identityOf(two.process.pid, 'mount')).not.toBe(identityOf(one.process.pid, 'mount'));
    },
  );

  it('of type mount that is listed with a path, that one is joined, with all that is mounted in it', async () => {
    const one = await start(fresh('mount', 'pid'));
    const linux = { namespaces: joined(one, 'mount', 'pid') };
    const two = await engine.start(engineSpec('exec sleep 1000', { linux, mounts: [] }, '/'));
    expect(identityOf(two.process.pid, 'mount')).toBe(identityOf(one.process.pid, 'mount'));
    expect(await sayIn(two, 'ls /bin/busybox')).toBe('/bin/busybox\n');
  });

  it('of type mount that is not listed, the process is in its root alone', async (context) => {
    requires(context, { root: true });
    const one = await start(fresh('pid'), { mounts: [], process: { env: ['PATH=/bin', 'HOME=/'] } });
    expect(identityOf(one.process.pid, 'mount')).toBe(identityOf('self', 'mount'));
    expect(readlinkSync(`/proc/${String(one.process.pid)}/root`)).toBe(engine.rootfs);
    expect(await sayIn(one, 'ls /')).not.toContain('sbin');
  });
});

describe('a path', () => {
  it('to a namespace of another type is an error that names it', async () => {
    const made = start([...fresh('mount', 'pid'), { type: 'network', path: '/proc/self/ns/ipc' }]);
    await expect(made).rejects.toThrow('/linux/namespaces/2/path: "/proc/self/ns/ipc" is not a network namespace');
    await expect(made).rejects.toBeInstanceOf(ConfigError);
  });

  it.each(['/etc/passwd', '/dev/null', '/nowhere', '/'])('to something else is an error, too: %s', async (path) => {
    await expect(start([...fresh('mount', 'pid'), { type: 'uts', path }])).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      pointer: '/linux/namespaces/2/path',
    });
  });
});

describe('containers of a pod', () => {
  const SHARED = ['ipc', 'uts', 'network', 'pid'] as const;

  it('share the namespaces of the first one', async () => {
    const pause = await start(fresh(...PAUSE), { hostname: 'pod' });
    const app = await start([...fresh('mount'), ...joined(pause, ...SHARED)]);
    for (const type of SHARED) expect(identityOf(app.process.pid, type)).toBe(identityOf(pause.process.pid, type));
    expect(await sayIn(app, 'hostname; cat /proc/1/comm')).toBe('pod\nsleep\n');
    // It is not the first process there, and its end is not that of the others.
    await app.kill();
    expect(await sayIn(pause, 'hostname')).toBe('pod\n');
  });

  it('share a user namespace, too', async (context) => {
    requires(context, { root: true });
    const pause = await start(fresh('user', ...PAUSE), { linux: MAPPED });
    const app = await start([...fresh('mount', 'cgroup'), ...joined(pause, 'user', ...SHARED)], {
      process: { user: { uid: 1000, gid: 1000, additionalGids: [5], umask: 0o022 } },
    });
    for (const type of ['user', ...SHARED] as const) {
      expect(identityOf(app.process.pid, type)).toBe(identityOf(pause.process.pid, type));
    }
    const status = readFileSync(`/proc/${String(app.process.pid)}/status`, 'utf8');
    expect(status).toMatch(/^Uid:\t101000\t101000/m);
    expect(status).toMatch(/^Groups:\t100005 $/m);
    expect(await sayIn(app, 'id -u; cat /proc/self/uid_map')).toMatch(/^1000\n +0 +100000 +65536\n$/);
  });

  it('have new namespaces in a user namespace that they join, pid and network among them', async (context) => {
    requires(context, { root: true });
    const pause = await start(fresh('user', 'mount', 'pid'), { linux: MAPPED });
    const app = await start([...joined(pause, 'user'), ...fresh(...PAUSE)], { hostname: 'app' });
    expect(await sayIn(app, 'hostname; echo $$; ip link show lo')).toMatch(/^app\n\d+\n.*[<,]UP[,>]/s);
    expect(identityOf(app.process.pid, 'user')).toBe(identityOf(pause.process.pid, 'user'));
    expect(identityOf(app.process.pid, 'pid')).not.toBe(identityOf(pause.process.pid, 'pid'));
  });

  it('join namespaces of the host from a user namespace of their own', async (context) => {
    requires(context, { root: true });
    const outside = await start(fresh(...PAUSE), { hostname: 'outside' });
    const types = ['uts', 'network', 'pid', 'ipc'] as const;
    const app = await start([...fresh('user', 'mount', 'cgroup'), ...joined(outside, ...types)], {
      linux: MAPPED,
      mounts: engineSpec('').mounts.filter(({ type }) => type !== 'proc'),
    });
    for (const type of types) expect(identityOf(app.process.pid, type)).toBe(identityOf(outside.process.pid, type));
    expect(identityOf(app.process.pid, 'user')).not.toBe(identityOf('self', 'user'));
    expect(
      readFileSync(`/proc/${String(app.process.pid)}/uid_map`, 'utf8')
        .trim()
        .split(/\s+/),
    ).toEqual(['0', '100000', '65536']);
    expect(await sayIn(app, 'hostname; id -u')).toBe('outside\n0\n');
  });
});

describe('a time namespace', () => {
  it('has the offsets that were given', async (context) => {
    requires(context, { root: true });
    const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
    for (const user of [[], fresh('user')]) {
      const linux = {
        ...(user.length > 0 ? MAPPED : {}),
        timeOffsets: { boottime: { secs: 500_000 }, monotonic: { secs: 7, nanosecs: 5 } },
      };
      const one = await start([...user, ...fresh('mount', 'pid', 'time')], { linux });
      const inside = Number((await sayIn(one, 'cat /proc/uptime')).split(' ')[0]);
      expect(inside - uptime).toBeGreaterThan(499_000);
      const offsets = readFileSync(`/proc/${String(one.process.pid)}/timens_offsets`, 'utf8');
      expect(offsets.replaceAll(/ +/g, ' ')).toBe('monotonic 7 5\nboottime 500000 0\n');
    }
  });

  it('cannot set a clock back before the start', async (context) => {
    requires(context, { root: true });
    const linux = { timeOffsets: { boottime: { secs: -1_000_000_000 } } };
    await expect(start(fresh('mount', 'pid', 'time'), { linux })).rejects.toThrow(
      /^enter a new time namespace, boottime -1000000000 0: ERANGE/,
    );
  });
});

describe('names and parameters', () => {
  it('sets hostname and domainname', async () => {
    const one = await start(fresh('mount', 'pid', 'uts'), { hostname: 'web', domainname: 'example.org' });
    expect(await sayIn(one, 'hostname; cat /proc/sys/kernel/domainname')).toBe('web\nexample.org\n');
  });

  it('writes kernel parameters of new and of joined namespaces', async () => {
    const one = await start(fresh(...PAUSE));
    const linux = { sysctl: { 'net.ipv4.ip_forward': '1', 'kernel.msgmax': '4321' } };
    const two = await start([...fresh('mount', 'pid', 'ipc'), ...joined(one, 'network')], { linux });
    expect(await sayIn(two, 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax')).toBe('1\n4321\n');
    expect(await sayIn(one, 'cat /proc/sys/net/ipv4/ip_forward')).toBe('1\n');
  });

  it('CVE-2025-52881: writes to a real procfs alone, and never to what only has its name', async () => {
    const linux = { sysctl: { 'net.ipv4.ip_forward': '1' } };
    const start2 = (mounts: readonly Mount[]): Promise<Started> => start(fresh(...PAUSE), { linux, mounts });
    const [proc, ...others] = engineSpec('').mounts;
    // The directory of the image.
    await expect(start2(others)).rejects.toMatchObject({ op: 'write-sysctl', code: 'ENOENT' });
    const fake = { destination: '/proc', type: 'tmpfs', source: 'tmpfs', options: [] };
    await expect(start2([...engineSpec('').mounts, fake])).rejects.toMatchObject({ pointer: '/mounts/3/type' });
    const part = { ...fake, type: 'bind', source: '/proc/self/task', options: ['bind'] };
    await expect(start2([...(proc === undefined ? [] : [proc]), ...others, part])).rejects.toThrow(
      / on \/proc: EACCES/,
    );
  });
});

describe('network devices', () => {
  const ip = (...args: readonly string[]): void => {
    const { stderr, status } = spawnSync('ip', args, { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
  };

  /** Does something while this thread, and what it starts, is in a network namespace of its own. */
  async function elsewhere(run: () => Promise<void>): Promise<void> {
    using own = new Fd(openSync('/proc/thread-self/ns/net', 'r'));
    unshare(['CLONE_NEWNET']);
    try {
      await run();
    } finally {
      setns(own.number, ['CLONE_NEWNET']);
    }
  }

  const addDummy = (): void => {
    ip('link', 'add', 'test0', 'type', 'veth', 'peer', 'name', 'test1');
    ip('addr', 'add', '192.0.2.7/24', 'brd', '192.0.2.255', 'dev', 'test0');
    ip('-6', 'addr', 'add', '2001:db8::7/64', 'nodad', 'dev', 'test0');
    ip('link', 'set', 'test0', 'up');
  };

  it('are moved into the container with their addresses, under another name, and are up', async (context) => {
    requires(context, { root: true, programs: ['ip'] });
    await elsewhere(async () => {
      addDummy();
      const one = await start(fresh(...PAUSE), { linux: { netDevices: { test0: { name: 'eth7' }, test1: {} } } });
      const out = await sayIn(one, 'ip addr show eth7; ip link show test1');
      expect(out).toMatch(/eth7@\w+: <.*\bUP\b/);
      expect(out).toContain('inet 192.0.2.7/24 brd 192.0.2.255 scope global eth7');
      expect(out).toContain('inet6 2001:db8::7/64 scope global');
      expect(spawnSync('ip', ['link', 'show', 'test0']).status).toBe(1);
    });
  });

  it('are moved into a network namespace that is joined', async (context) => {
    requires(context, { root: true, programs: ['ip'] });
    await elsewhere(async () => {
      addDummy();
      const pause = await start(fresh(...PAUSE));
      await start([...fresh('mount', 'pid'), ...joined(pause, 'network')], { linux: { netDevices: { test0: {} } } });
      expect(await sayIn(pause, 'ip addr show test0')).toContain('192.0.2.7');
    });
  });

  it('that are not there are an error', async (context) => {
    requires(context, { root: true });
    await elsewhere(async () => {
      const made = start(fresh(...PAUSE), { linux: { netDevices: { nothere: {} } } });
      await expect(made).rejects.toThrow('move network device nothere: ENODEV');
    });
  });
});
