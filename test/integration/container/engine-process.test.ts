import {
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  closeSync,
  chownSync,
  chmodSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ANNOTATIONS } from '../../../src/spec/annotations.js';
import type { Process } from '../../../src/spec/types.js';
import { makeEngineLab } from '../../helpers/engine-process.js';
import { type SpecChanges, engineSpec } from '../../helpers/engine-spec.js';
import { makeLab } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';

const lab = makeLab();
const engine = makeEngineLab(lab);

const USER = { uid: 1000, gid: 1000, additionalGids: [], umask: 0o022 };

const withProcess = (process: Partial<Process>): SpecChanges => ({ process });

/** The lines of /proc/self/status that begin with these words. */
async function status(words: string, process: Partial<Process>): Promise<Record<string, string>> {
  const out = await engine.say(`grep -E '^(${words}):' /proc/self/status`, withProcess(process));
  return Object.fromEntries(
    out
      .trim()
      .split('\n')
      .map((line) => line.split(/:\s*/, 2) as [string, string]),
  );
}

describe('the working directory', () => {
  it('is made where the image lacks it, and is the process’s', async (context) => {
    requires(context, { root: true });
    expect(await engine.say('pwd; stat -c %a /deep', withProcess({ cwd: '/deep/er' }))).toBe('/deep/er\n755\n');
  });

  it('may be one that root can enter and the container’s user cannot', async (context) => {
    requires(context, { root: true });
    mkdirSync(`${engine.rootfs}/roots`, { recursive: true });
    chmodSync(`${engine.rootfs}/roots`, 0o700);
    expect(await engine.say('pwd', withProcess({ cwd: '/roots', user: USER, args: ['pwd'] }))).toBe('/roots\n');
  });

  it.each(['/proc/self/fd/3', '/proc/self/fd/7', '/proc/self/fd/9/../../..'])(
    'CVE-2024-21626: cannot be a directory of the host that is still open: %s',
    async (cwd) => {
      const made = engine.start(engineSpec('ls', withProcess({ cwd }), engine.rootfs));
      await expect(made).rejects.toThrow(/^(change directory to|make directory) \/proc\/self\/fd/);
    },
  );

  it('CVE-2024-21626: nor can the executable lie below one', async () => {
    for (const fd of [3, 4, 5, 6, 7, 8, 9, 10, 11, 12]) {
      const args = [`/proc/self/fd/${String(fd)}/../../../bin/busybox`, 'true'];
      const made = engine.start(engineSpec('', withProcess({ args }), engine.rootfs));
      await expect(made, String(fd)).rejects.toMatchObject({ op: 'find-executable' });
    }
  });
});

describe('the environment', () => {
  it('has HOME from the container’s own users, where it is not given', async () => {
    expect(await engine.say('echo $HOME', withProcess({ user: USER }))).toBe('/home/ann\n');
    expect(await engine.say('echo $HOME', withProcess({ user: { ...USER, uid: 4242 } }))).toBe('/\n');
    expect(await engine.say('echo $HOME', withProcess({ env: ['PATH=/bin', 'HOME=/given'] }))).toBe('/given\n');
    expect(await engine.say('echo $HOME', withProcess({ env: ['PATH=/bin', 'HOME='] }))).toBe('/root\n');
  });

  it('CVE-2026-30892: only a number is the number of a user', async () => {
    const passwd = '/etc/passwd';
    const original = readFileSync(`${engine.rootfs}${passwd}`);
    writeFileSync(
      `${engine.rootfs}${passwd}`,
      'a:x:-0:0::/a:\nb:x:0x0:0::/b:\nc:x:4294967296:0::/c:\nd:x::0::/d:\ne:x:0:0::/e:',
    );
    try {
      expect(await engine.say('echo $HOME')).toBe('/e\n');
    } finally {
      writeFileSync(`${engine.rootfs}${passwd}`, original);
    }
  });

  it('has each variable once, as it was said last', async () => {
    const env = ['PATH=/nowhere', 'A=1', 'A=2', 'PATH=/bin', 'HOME=/'];
    expect(await engine.say('', withProcess({ env, args: ['env'] }))).toBe('PATH=/bin\nA=2\nHOME=/\n');
  });
});

describe('the user', () => {
  it('has the ids, groups and umask that were given', async (context) => {
    requires(context, { root: true });
    const user = { uid: 1000, gid: 1001, additionalGids: [7, 8], umask: 0o027 };
    expect(await status('Uid|Gid|Groups|Umask', { user })).toEqual({
      Umask: '0027',
      Uid: '1000\t1000\t1000\t1000',
      Gid: '1001\t1001\t1001\t1001',
      Groups: '7 8',
    });
  });

  it('owns the streams, so that /dev/stdout can be opened', async (context) => {
    requires(context, { root: true });
    expect(await engine.say('echo hello > /proc/self/fd/1', withProcess({ user: USER }))).toBe('hello\n');
  });

  it('does not get /dev/null of the host', async (context) => {
    requires(context, { root: true });
    await engine.say('true', withProcess({ user: USER }));
    expect(await engine.say('stat -c %u /proc/self/fd/0 -L', withProcess({ user: USER }))).toBe('0\n');
  });
});

describe('capabilities', () => {
  const NET = ['CAP_NET_RAW', 'CAP_NET_BIND_SERVICE'];
  const SETS = 'CapInh|CapPrm|CapEff|CapBnd|CapAmb';
  const EMPTY = '0000000000000000';

  it('are the five sets as given, for root after the exec', async (context) => {
    requires(context, { root: true });
    const capabilities = {
      bounding: ['CAP_CHOWN', ...NET],
      permitted: NET,
      effective: ['CAP_NET_RAW'],
      inheritable: ['CAP_NET_RAW'],
      ambient: [],
    };
    // execve(2) by root gives all of the bounding set.
    expect(await status(SETS, { capabilities, noNewPrivileges: false })).toEqual({
      CapInh: '0000000000002000',
      CapPrm: '0000000000002401',
      CapEff: '0000000000002401',
      CapBnd: '0000000000002401',
      CapAmb: EMPTY,
    });
  });

  it('CVE-2022-29162: the inheritable set is not filled in', async () => {
    const none = { bounding: NET, permitted: NET, effective: NET, inheritable: [], ambient: [] };
    expect(await status('CapInh', { capabilities: none })).toEqual({ CapInh: EMPTY });
    const started = await engine.start(engineSpec('sleep 1000', withProcess({ capabilities: none }), engine.rootfs));
    const entered = await engine.exec(started, { args: ['sh', '-c', "grep -E '^CapInh' /proc/self/status"] });
    expect((await entered.end()).out).toBe(`CapInh:\t${EMPTY}\n`);
  });

  it('stay with another user where they are ambient', async (context) => {
    requires(context, { root: true });
    const capabilities = { bounding: NET, permitted: NET, effective: NET, inheritable: NET, ambient: ['CAP_NET_RAW'] };
    expect(await status(SETS, { user: USER, capabilities })).toEqual({
      CapInh: '0000000000002400',
      CapPrm: '0000000000002000',
      CapEff: '0000000000002000',
      CapBnd: '0000000000002400',
      CapAmb: '0000000000002000',
    });
  });

  it('that cannot be granted are warned of', async () => {
    const capabilities = {
      bounding: ['CAP_NET_RAW', 'CAP_MAGIC'],
      permitted: NET,
      effective: NET,
      inheritable: ['CAP_CHOWN'],
      ambient: ['CAP_CHOWN', 'CAP_NET_RAW'],
    };
    const started = await engine.start(engineSpec('true', withProcess({ capabilities }), engine.rootfs));
    expect(started.plan.notes).toEqual([
      'the bounding capabilities lack what nobody knows: CAP_MAGIC',
      'the inheritable capabilities lack what the kernel would not grant: CAP_CHOWN',
      'the ambient capabilities lack what the kernel would not grant: CAP_CHOWN, CAP_NET_RAW',
    ]);
    expect((await started.end()).exitCode).toBe(0);
  });
});

describe('keys', () => {
  const keyrings = `cat /proc/keys | grep -o '_ses[^:]*' || true`;
  const shows = { bounding: ['CAP_SYS_ADMIN'], permitted: [], effective: [], inheritable: [], ambient: [] };

  it('has a session keyring of its own, which later processes share', async (context) => {
    if (!readdirSync('/proc').includes('keys')) context.skip('needs a kernel with keys in /proc');
    const started = await engine.start(
      engineSpec(`${keyrings}; sleep 1000`, withProcess({ capabilities: shows }), engine.rootfs),
    );
    const entered = await engine.exec(started, { args: ['sh', '-c', keyrings] });
    const names = (await entered.end()).out.trim().split('\n');
    // A second one of the same name would be another one.
    expect(names.filter((name) => name === `_ses.${started.id}`)).toHaveLength(1);
  });

  it('stays in that of its caller where it is told to', async (context) => {
    if (!readdirSync('/proc').includes('keys')) context.skip('needs a kernel with keys in /proc');
    const annotations = { [ANNOTATIONS.noNewKeyring]: 'true' };
    const started = await engine.start(engineSpec(keyrings, { annotations }, engine.rootfs));
    expect((await started.end()).out).not.toContain(`_ses.${started.id}\n`);
  });
});

describe('descriptors', () => {
  it('are 0 to 2, and nothing else', async () => {
    // The one of ls itself comes on top.
    expect(await engine.say('', withProcess({ args: ['ls', '/proc/self/fd'] }))).toBe('0\n1\n2\n3\n');
  });

  it('are also those that the runtime was told to hand on', async () => {
    const before = [openSync('/dev/null', 'r')];
    // This process has others in these places: whatever they are, they arrive.
    const annotations = { [ANNOTATIONS.preserveFds]: '3' };
    const expected = [3, 4, 5].map((fd) => String(fd));
    const out = await engine.say('', { annotations, process: { args: ['ls', '/proc/self/fd'] } });
    before.forEach(closeSync);
    expect(out.trim().split('\n')).toEqual(['0', '1', '2', ...expected, '6']);
  });

  it('that are missing are an error', async () => {
    const annotations = { [ANNOTATIONS.preserveFds]: '100' };
    await expect(engine.start(engineSpec('true', { annotations }, engine.rootfs))).rejects.toThrow(/EBADF/);
  });
});

describe('the executable', () => {
  it.each([
    ['nothing', 'ENOENT'],
    ['/nothing', 'ENOENT'],
    ['/etc/passwd', 'EACCES'],
    ['/bin', 'EACCES'],
  ])('%s is not found before anything starts: %s', async (file, code) => {
    const made = engine.start(engineSpec('', withProcess({ args: [file] }), engine.rootfs));
    await expect(made).rejects.toMatchObject({ op: 'find-executable', code });
  });

  it('is looked up with the rights of the container’s user', async (context) => {
    requires(context, { root: true });
    mkdirSync(`${engine.rootfs}/private`, { recursive: true });
    chownSync(`${engine.rootfs}/private`, 0, 0);
    chmodSync(`${engine.rootfs}/private`, 0o700);
    writeFileSync(`${engine.rootfs}/private/run`, '#!/bin/sh\n', { mode: 0o755 });
    const capabilities = { bounding: [], permitted: [], effective: [], inheritable: [], ambient: [] };
    const process = { args: ['/private/run'], user: USER, capabilities };
    const made = engine.start(engineSpec('', withProcess(process), engine.rootfs));
    await expect(made).rejects.toMatchObject({ op: 'find-executable', code: 'EACCES' });
  });
});

it('a label without its security module is an error', async (context) => {
  if ((engine.facts().securityModules ?? []).includes('apparmor')) context.skip('needs a host without AppArmor');
  const made = engine.start(engineSpec('true', withProcess({ apparmorProfile: 'docker-default' }), engine.rootfs));
  await expect(made).rejects.toMatchObject({ code: 'ERR_CONFIG', pointer: '/process/apparmorProfile' });
});

it('a terminal has the size and the owner that were asked for', async (context) => {
  requires(context, { root: true });
  const process = { terminal: true, consoleSize: { width: 90, height: 33 }, user: USER };
  const pts = {
    destination: '/dev/pts',
    type: 'devpts',
    source: 'devpts',
    options: ['newinstance', 'ptmxmode=0666', 'mode=0620'],
  };
  const mounts = [...engineSpec('').mounts, pts];
  const started = await engine.start(
    engineSpec(
      'stty size > /tmp/a; stat -c "%u %t" -L /proc/self/fd/0 /dev/console >> /tmp/a; sleep 1000',
      { process, mounts },
      engine.rootfs,
    ),
  );
  let out = '';
  for (let tries = 0; tries < 100 && !/\n.*\n.*\n/.test(out); tries++) {
    out = (await (await engine.exec(started, { terminal: false, args: ['cat', '/tmp/a'] })).end()).out;
  }
  expect(out).toBe('33 90\n1000 88\n1000 88\n');
});
