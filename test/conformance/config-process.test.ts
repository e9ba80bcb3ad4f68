import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { addon } from '../../src/native/addon.js';
import { describeSection } from './lib/section.js';
import { ConsoleSocket } from './lib/sockets.js';
import { facts } from './lib/text.js';

const HAS_APPARMOR = existsSync('/sys/kernel/security/apparmor');
const HAS_SELINUX = existsSync('/sys/fs/selinux');

const CAPABILITY_SETS = {
  bounding: ['CAP_KILL', 'CAP_CHOWN', 'CAP_FOWNER'],
  effective: ['CAP_KILL'],
  permitted: ['CAP_KILL', 'CAP_CHOWN'],
  inheritable: ['CAP_KILL', 'CAP_CHOWN'],
  ambient: ['CAP_KILL'],
};

describeSection('config.md: process', ({ says, shared }) => {
  says('process.required', async (machine) => {
    const { id, code } = await machine.tryCreate({ top: { process: undefined } });
    if (code === 0) expect(machine.call('start', id).code).not.toBe(0);
    else expect(machine.call('state', id).code).not.toBe(0);
  });

  says('process.terminal', async (machine) => {
    using socket = await ConsoleSocket.listen(machine.directory());
    const script = 'tty; for i in 0 1 2; do readlink /proc/self/fd/$i; done; stat -c %t:%T /dev/console /dev/pts/0';
    const { id } = await machine.create(
      { script, process: { terminal: true } },
      { flags: ['--console-socket', socket.path] },
    );
    machine.ok('start', id);
    const lines = (await socket.readAll()).trim().split('\r\n');
    expect(lines.slice(0, 4)).toEqual([lines[0], lines[0], lines[0], lines[0]]);
    expect(lines[0]).toMatch(/^\/dev\/(pts\/0|console)$/);
    expect(lines[4]).toBe(lines[5]);
    await machine.untilStopped(id);
  });

  says('process.console-size', async (machine) => {
    using socket = await ConsoleSocket.listen(machine.directory());
    const process = { terminal: true, consoleSize: { height: 31, width: 97 } };
    const { id } = await machine.create({ process }, { flags: ['--console-socket', socket.path] });
    expect(addon.getWindowSize({ fd: await socket.master() })).toMatchObject({ rows: 31, columns: 97 });
    machine.ok('kill', id, 'KILL');
    await machine.untilStopped(id);
  });

  says('process.console-ignored', async (machine) => {
    const consoleSize = { height: 31, width: 97 };
    const script = 'test -t 1 && echo terminal || echo none';
    expect(await machine.lines({ script, process: { consoleSize } })).toEqual(['none']);
    expect(await machine.lines({ script, process: { consoleSize, terminal: false } })).toEqual(['none']);
  });

  says('process.cwd-absolute', async (machine) => {
    for (const cwd of ['tmp', '', undefined])
      expect((await machine.tryCreate({ process: { cwd } })).code, cwd).not.toBe(0);
  });

  const plain = shared(async (machine) => {
    const script = [
      'echo cwd $(pwd)',
      'env | grep "^E" | sort',
      'echo executable $(readlink /proc/$$/exe | sed "s/.*[/]//")',
      'echo limit $(ulimit -Sn) $(ulimit -Hn) $(ulimit -Sc)',
      'sed -n "s/^Cap/cap &/p; s/^NoNewPrivs:/nnp/p; s/^Groups:/groups/p" /proc/self/status',
      'echo oom $(cat /proc/self/oom_score_adj)',
      'echo ids $(id -u) $(id -g)',
      'echo umask $(umask)',
    ].join('\n');
    const process = {
      args: ['sh', '-c', script],
      cwd: '/tmp',
      env: ['PATH=/nowhere:/usr/bin:/bin', 'EMPTY=', 'EQUALS=a=b'],
      user: { uid: 0, gid: 7, additionalGids: [8, 9], umask: 0o037 },
      oomScoreAdj: 321,
      noNewPrivileges: true,
      rlimits: [
        { type: 'RLIMIT_NOFILE', soft: 100, hard: 200 },
        { type: 'RLIMIT_CORE', soft: 0, hard: 0 },
      ],
      capabilities: CAPABILITY_SETS,
    };
    return facts(await machine.run({ process }));
  });

  const nobody = shared(async (machine) => {
    const script = 'sed -n "s/^Cap/cap &/p" /proc/self/status';
    const user = { uid: 1234, gid: 1234 };
    return facts(await machine.run({ script, process: { user, capabilities: CAPABILITY_SETS } }));
  });

  says('process.cwd', async () => expect((await plain())['cwd']).toBe('/tmp'));
  says('process.env', async () => expect(await plain()).toMatchObject({ 'EMPTY=': '', 'EQUALS=a=b': '' }));
  says('process.args-path', async () => expect((await plain())['executable']).toMatch(/^(sh|dash|bash|busybox)$/));
  says('process.args-one', async (machine) => {
    for (const args of [[], undefined]) expect((await machine.tryCreate({ process: { args } })).code).not.toBe(0);
  });

  says('rlimits.soft', async () => expect((await plain())['limit']).toMatch(/^100 \d+ 0$/));
  says('rlimits.hard', async () => expect((await plain())['limit']).toMatch(/^\d+ 200 0$/));
  says('rlimits.known', async (machine) => {
    const rlimits = readFileSync('/proc/self/limits', 'utf8')
      .split('\n')
      .slice(1)
      .filter((line) => line !== '');
    expect(rlimits.length).toBe(TYPES.length);
    // None is raised: what is there already is what is asked for.
    const given = rlimits.map((line, index) => {
      const [soft = '', hard = ''] = line.slice(26).trim().split(/\s+/);
      return { type: TYPES[index], soft: toLimit(soft), hard: toLimit(hard) };
    });
    const process = `[${given.map(({ type, soft, hard }) => `{"type":"${String(type)}","soft":${soft},"hard":${hard}}`).join(',')}]`;
    const config = JSON.stringify(
      machine.config({ script: 'cat /proc/self/limits', process: { rlimits: 'HERE' } }),
    ).replace('"HERE"', process);
    expect((await machine.run(machine.bundle(config))).stdout).toBe(readFileSync('/proc/self/limits', 'utf8'));
  });
  says('rlimits.unknown', async (machine) => {
    const rlimits = [{ type: 'RLIMIT_NO_SUCH', soft: 1, hard: 1 }];
    expect((await machine.tryCreate({ process: { rlimits } })).code).not.toBe(0);
  });
  const nofile = { type: 'RLIMIT_NOFILE', soft: 100, hard: 200 };
  const rlimits = [nofile, { ...nofile, hard: 150 }];
  says(
    'rlimits.duplicate',
    async (machine) => {
      expect((await machine.tryCreate({ process: { rlimits } })).code).not.toBe(0);
    },
    {
      runc: async (machine) => {
        expect(await machine.lines({ script: 'ulimit -Hn', process: { rlimits } })).toEqual(['150']);
      },
    },
  );

  says('process.capabilities', async () => {
    const [kill, both, bounding] = [1n << 5n, (1n << 5n) | 1n, (1n << 5n) | (1n << 3n) | 1n];
    const hex = (bits: bigint): string => bits.toString(16).padStart(16, '0');
    // By its exec root’s effective set becomes the permitted one, and anybody else keeps the ambient one. @see capabilities(7)
    const kept = { Inh: hex(both), Bnd: hex(bounding), Amb: hex(kill) };
    expect(capabilities(await plain())).toEqual({ ...kept, Prm: hex(both), Eff: hex(both) });
    expect(capabilities(await nobody())).toEqual({ ...kept, Prm: hex(kill), Eff: hex(kill) });
  });
  const unknown = { bounding: ['CAP_KILL', 'CAP_NO_SUCH'], effective: ['CAP_KILL'], permitted: ['CAP_KILL'] };
  says('capabilities.warning', async (machine) => {
    expect((await machine.create({ process: { capabilities: unknown } })).stderr).toMatch(/CAP_NO_SUCH/);
  });
  says('capabilities.lenient', async (machine) => {
    const { stdout } = await machine.run({
      script: 'grep CapBnd /proc/self/status',
      process: { capabilities: unknown },
    });
    expect(stdout).toBe('CapBnd:\t0000000000000020\n');
  });

  says('process.no-new-privileges', async (machine) => {
    expect((await plain())['nnp']).toBe('1');
    expect((await machine.run({ script: 'grep NoNewPrivs /proc/self/status' })).stdout).toBe('NoNewPrivs:\t0\n');
  });
  says('process.oom-score', async () => expect((await plain())['oom']).toBe('321'));
  says('process.oom-score-unset', async (machine) => {
    const through = ['sh', '-c', 'echo 77 >/proc/self/oom_score_adj; exec "$@"', 'sh'];
    expect(await machine.lines({ script: 'cat /proc/self/oom_score_adj' }, { through })).toEqual(['77']);
  });

  says('process.apparmor', async (machine, context) => {
    if (HAS_APPARMOR) context.skip('a profile would have to be loaded on this host');
    expect((await machine.tryCreate({ process: { apparmorProfile: 'unloaded' } })).code).not.toBe(0);
  });
  says('process.selinux', async (machine, context) => {
    if (HAS_SELINUX) context.skip('a label would have to be in the policy of this host');
    expect((await machine.tryCreate({ process: { selinuxLabel: 'a:b:c:s0' } })).code).not.toBe(0);
  });
});

const TYPES = [
  'CPU',
  'FSIZE',
  'DATA',
  'STACK',
  'CORE',
  'RSS',
  'NPROC',
  'NOFILE',
  'MEMLOCK',
  'AS',
  'LOCKS',
  'SIGPENDING',
  'MSGQUEUE',
  'NICE',
  'RTPRIO',
  'RTTIME',
].map((name) => `RLIMIT_${name}`);

function toLimit(text: string): string {
  return text === 'unlimited' ? String(2n ** 64n - 1n) : text;
}

function capabilities(seen: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const sets = (seen['cap'] ?? '').split('\n').map((line) => /^Cap(...):\s+(\w+)$/.exec(line) ?? []);
  return Object.fromEntries(sets.map(([, name = '', bits = '']) => [name, bits]));
}
