import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { DEFAULT_CAPABILITIES } from '../../src/spec/defaults.js';
import { type Json, ordinaryNamespaces } from './lib/config.js';
import type { Machine } from './lib/machine.js';
import { describeSection } from './lib/section.js';
import { ConsoleSocket } from './lib/sockets.js';
import { facts } from './lib/text.js';

const NULL = { type: 'c', major: 1, minor: 3 };
const device = (path: string, more: Json = NULL): Json => ({ path, ...more });
const STAT = (...paths: readonly string[]): string => `stat -c "%n %F %a %t:%T %u:%g" ${paths.join(' ')}`;
const CHAR = 'character special file';

describeSection('config-linux.md: devices', ({ says, shared }) => {
  const supplied = shared(async (machine) => {
    const devices = [
      device('/dev/mine', { ...NULL, fileMode: 0o640, uid: 5, gid: 6 }),
      device('/dev/block', { type: 'b', major: 7, minor: 99 }),
      device('/dev/pipe', { type: 'p' }),
      device('/srv/below/outside', { type: 'u', major: 1, minor: 5 }),
    ];
    return facts(
      await machine.run({
        script: STAT(...devices.map(({ path }) => String(path))),
        linux: { devices, namespaces: ordinaryNamespaces() },
      }),
    );
  });

  says('devices', async () => {
    const seen = await supplied();
    expect(seen['/dev/mine']).toMatch(new RegExp(`^${CHAR} \\d+ 1:3 `));
    expect(seen['/dev/block']).toMatch(/^block special file \d+ 7:63 /);
    expect(seen['/dev/pipe']).toMatch(/^fifo /);
  });
  says('devices.attributes', async () => {
    expect((await supplied())['/dev/mine']).toBe(`${CHAR} 640 1:3 5:6`);
  });
  says('devices.anywhere', async () => {
    expect((await supplied())['/srv/below/outside']).toMatch(new RegExp(`^${CHAR} \\d+ 1:5 `));
  });

  const occupied = (machine: Machine, path: string): string => {
    const bundle = machine.bundle({
      script: STAT(path),
      linux: { devices: [device(path)], namespaces: ordinaryNamespaces() },
    });
    writeFileSync(join(bundle, 'rootfs', path), 'a file');
    return bundle;
  };
  says(
    'devices.exists',
    async (machine) => {
      expect((await machine.tryCreate(occupied(machine, '/occupied'))).code).not.toBe(0);
    },
    {
      runc: async (machine) => {
        expect((await machine.run(occupied(machine, '/occupied'))).stdout).toMatch(/regular file/);
      },
    },
  );
  says(
    'devices.numbers',
    async (machine) => {
      const devices = [device('/dev/mine', { type: 'c' })];
      expect((await machine.tryCreate({ linux: { devices, namespaces: ordinaryNamespaces() } })).code).not.toBe(0);
    },
    {
      runc: async (machine) => {
        const devices = [device('/dev/mine', { type: 'c' })];
        expect(
          await machine.lines({
            script: 'stat -c %t:%T /dev/mine',
            linux: { devices, namespaces: ordinaryNamespaces() },
          }),
        ).toEqual(['0:0']);
      },
    },
  );

  // A device that the container makes itself, and one of the host’s that is in its root file system: neither was asked for.
  says('devices.others', async (machine) => {
    const script =
      'mknod /dev/other b 7 98; for f in /dev/other /given; do head -c 1 $f 2>&1 >/dev/null | grep -o "Operation not permitted"; done';
    const capabilities = Object.fromEntries(
      ['bounding', 'effective', 'permitted'].map((set) => [set, [...DEFAULT_CAPABILITIES, 'CAP_MKNOD']]),
    );
    const resources = {
      devices: [
        { allow: false, access: 'rwm' },
        { allow: true, type: 'b', access: 'm' },
      ],
    };
    const bundle = machine.bundle({
      script,
      process: { capabilities },
      linux: { resources, namespaces: ordinaryNamespaces() },
    });
    execFileSync('mknod', [join(bundle, 'rootfs/given'), 'b', '7', '97']);
    expect((await machine.run(bundle)).stdout).toBe('Operation not permitted\nOperation not permitted\n');
  });

  const defaults = shared(async (machine) => {
    const script = [
      STAT('/dev/null', '/dev/zero', '/dev/full', '/dev/random', '/dev/urandom', '/dev/tty'),
      'echo ptmx $(readlink -f /dev/ptmx)',
      'echo written >/dev/null && head -c 2 /dev/zero | od -An -tx1 | sed "s/^/zero/"',
    ].join('\n');
    return facts(await machine.run({ script }));
  });
  says('devices.default', async () => {
    const seen = await defaults();
    const numbers = { null: '1:3', zero: '1:5', full: '1:7', random: '1:8', urandom: '1:9', tty: '5:0' };
    for (const [name, number] of Object.entries(numbers))
      expect(seen[`/dev/${name}`], name).toBe(`${CHAR} 666 ${number} 0:0`);
    expect(seen['zero']).toBe('00 00');
  });
  says('devices.ptmx', async () => expect((await defaults())['ptmx']).toBe('/dev/pts/ptmx'));

  says('devices.console', async (machine) => {
    using socket = await ConsoleSocket.listen(machine.directory());
    const script =
      'stat -c %t:%T /dev/console /dev/pts/0; grep -c " /dev/console " /proc/self/mountinfo; echo said >/dev/console';
    const { id } = await machine.create(
      { script, process: { terminal: true } },
      { flags: ['--console-socket', socket.path] },
    );
    machine.ok('start', id);
    expect((await socket.readAll()).trim().split('\r\n')).toEqual(['88:0', '88:0', '1', 'said']);
    await machine.untilStopped(id);
  });
});

describeSection('config-linux.md: allowed device list', ({ says }) => {
  const FUSE = { type: 'c', major: 10, minor: 229 };
  /** @returns how opening /dev/mine goes */
  const open = async (machine: Machine, rules: readonly Json[]): Promise<string> => {
    const bundle = machine.bundle({
      // One of the kernel’s that is always there, and none of the default devices.
      script: 'echo x 2>/dev/null >/kmsg && echo opened || echo refused',
      linux: { resources: { devices: rules }, namespaces: ordinaryNamespaces() },
    });
    execFileSync('mknod', [join(bundle, 'rootfs/kmsg'), 'c', '1', '11']);
    return (await machine.run(bundle)).stdout.trim();
  };
  const deny = { allow: false, access: 'rwm' };
  const allow = { allow: true, type: 'c', major: 1, minor: 11, access: 'rw' };

  says('allowed.order', async (machine) => {
    expect(await open(machine, [deny, allow])).toBe('opened');
    expect(await open(machine, [allow, deny])).toBe('refused');
    expect(await open(machine, [deny, allow, { ...allow, allow: false, access: 'w' }])).toBe('refused');
  });
  says('allowed.unset', async (machine) => {
    expect(await open(machine, [{ allow: true, access: 'rwm' }])).toBe('opened');
    expect(await open(machine, [deny, { allow: true, type: 'c', major: 1, access: 'rwm' }])).toBe('opened');
    expect(await open(machine, [deny, { ...FUSE, allow: true, access: 'rwm' }])).toBe('refused');
  });
});
