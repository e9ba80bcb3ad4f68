import { existsSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Dump, readDumps, readOrder, shellHook, tellingHook } from './lib/hooks.js';
import type { Machine } from './lib/machine.js';
import { describeSection } from './lib/section.js';

const HOST = Object.fromEntries(
  ['mnt', 'pid', 'net', 'ipc', 'uts'].map((name) => [name, readlinkSync(`/proc/self/ns/${name}`)]),
);

/** Those whose paths resolve outside. */
const OUTSIDE = ['prestart', 'createRuntime', 'createContainer', 'poststart', 'poststop'] as const;

interface Story {
  readonly id: string;
  readonly pid: number;
  /** The container’s namespaces. */
  readonly namespaces: Readonly<Record<string, string>>;
  readonly dumps: Readonly<Record<string, Dump>>;
  /** What was called by the time that each operation had returned. */
  readonly after: Readonly<Record<'create' | 'start' | 'delete', readonly string[]>>;
  /** The container’s own hook, as {@link tellingHook}. */
  readonly inside: Dump;
}

/** The root that the process of the container has, as somebody outside sees it: the host’s until it has pivoted. */
const ROOT = 'pid=$(sed -n \'s/.*"pid": *\\([0-9]*\\).*/\\1/p\' $state); ';
const IS_HOST_ROOT = `[ -e /proc/$pid/root$(dirname $state) ] && echo host || echo pivoted`;

/** One container with a hook of each kind, and what they have seen. */
async function tell(machine: Machine): Promise<Story> {
  const dumps = machine.directory();
  const telling = (name: string, script = ''): object => tellingHook(dumps, name, script);
  const inside = { ...tellingHook('/told', 'startContainer', 'hostname'), path: '/container/sh' };
  const before = `${ROOT}${IS_HOST_ROOT}; readlink /proc/$pid/ns/mnt`;
  const bundle = machine.bundle({
    // Nothing else is there to say so for a hook that cannot write outside.
    script: 'ls /told/order && touch /ran; while [ ! -e /end ]; do sleep 0.02; done',
    top: { hostname: 'inside' },
    mounts: [
      { destination: '/container', type: 'bind', source: '/bin', options: ['rbind', 'ro'] },
      { destination: '/told', type: 'tmpfs', source: 'tmpfs' },
    ],
    hooks: {
      prestart: [telling('prestart', before), telling('prestart2')],
      createRuntime: [telling('createRuntime', before), telling('createRuntime2')],
      createContainer: [telling('createContainer', `[ -e ${dumps} ] && echo host || echo pivoted; hostname`)],
      startContainer: [inside],
      poststart: [
        telling(
          'poststart',
          `${ROOT}for i in $(seq 100); do [ -e /proc/$pid/root/ran ] && break; sleep 0.02; done; [ -e /proc/$pid/root/ran ] && echo ran`,
        ),
      ],
      poststop: [
        telling(
          'poststop',
          `${machine.argv('state', '$(sed -n \'s/.*"id": *"\\([^"]*\\)".*/\\1/p\' $state)').join(' ')} >/dev/null && echo there || echo gone`,
        ),
      ],
    },
  });
  return follow(machine, bundle, dumps);
}

async function follow(machine: Machine, bundle: string, dumps: string): Promise<Story> {
  const { id, output } = await machine.create(bundle);
  const { pid } = machine.state(id);
  const create = readOrder(dumps);
  const namespaces = Object.fromEntries(
    Object.keys(HOST).map((name) => [name, readlinkSync(`/proc/${String(pid)}/ns/${name}`)]),
  );
  machine.ok('start', id);
  const start = readOrder(dumps);
  const told = `/proc/${String(pid)}/root/told`;
  const inside = readDumps(told)['startContainer']!;
  writeFileSync(join(bundle, 'rootfs/end'), '');
  await output;
  await machine.untilStopped(id);
  const ended = readOrder(dumps);
  machine.delete(id);
  expect(ended).toEqual(start);
  return { id, pid, namespaces, inside, dumps: readDumps(dumps), after: { create, start, delete: readOrder(dumps) } };
}

describeSection('config.md: POSIX-platform hooks', ({ says, shared }) => {
  const story = shared(tell);
  const seenBy = async (name: string): Promise<Dump> => {
    const { dumps } = await story();
    const dump = dumps[name];
    if (dump === undefined) throw new Error(`${name} was not called`);
    return dump;
  };

  says('prestart.when', async () => {
    const { after, namespaces } = await story();
    expect(after.create).toContain('prestart');
    expect((await seenBy('prestart')).text.split('\n')).toEqual(['host', namespaces['mnt']]);
  });
  says('prestart.before', async () => {
    const { after } = await story();
    expect(after.create.slice(0, 4)).toEqual(['prestart', 'prestart2', 'createRuntime', 'createRuntime2']);
  });
  says('createRuntime.when', async () => {
    const { after, namespaces } = await story();
    expect(after.create).toContain('createRuntime');
    expect((await seenBy('createRuntime')).text.split('\n')).toEqual(['host', namespaces['mnt']]);
  });
  says('createContainer.when', async () => {
    const { after } = await story();
    expect(after.create).toContain('createContainer');
    expect((await seenBy('createContainer')).text).toMatch(/^host/);
  });
  says('createContainer.after', async () => {
    const { after } = await story();
    expect(after.create.indexOf('createContainer')).toBeGreaterThan(after.create.indexOf('createRuntime2'));
  });

  for (const kind of ['prestart', 'createRuntime', 'poststart', 'poststop'] as const) {
    says(`${kind}.where`, async () => {
      expect((await seenBy(kind)).namespaces).toEqual(HOST);
    });
  }
  says('createContainer.where', async () => {
    const { namespaces } = await story();
    expect((await seenBy('createContainer')).namespaces).toEqual(namespaces);
  });
  says('startContainer.where', async () => {
    const { inside, namespaces } = await story();
    expect(inside.namespaces).toEqual(namespaces);
    expect(inside.text).toBe('inside');
  });

  /** Programs that are nowhere but outside, one for each kind of hook. @returns the kinds whose program has run */
  const outside = shared(async (machine) => {
    const directory = machine.directory();
    const hook = (kind: string): object => {
      const path = join(directory, kind);
      // In the container's mount namespace it has not pivoted: it writes to the host's directory, too.
      writeFileSync(path, `#!/bin/sh\necho ${kind} >>${directory}/ran\n`, { mode: 0o755 });
      return { path, env: ['PATH=/usr/bin:/bin'] };
    };
    await machine.run({ hooks: Object.fromEntries(OUTSIDE.map((kind) => [kind, [hook(kind)]])) });
    return readFileSync(join(directory, 'ran'), 'utf8').split('\n');
  });
  for (const kind of OUTSIDE) {
    says(`${kind}.resolved`, async () => {
      expect(await outside()).toContain(kind);
    });
  }
  says('startContainer.resolved', async () => {
    // Its path is /container/sh, which is nowhere but in the container.
    expect((await story()).inside.text).toBe('inside');
    expect(existsSync('/container')).toBe(false);
  });

  says('startContainer.when', async (machine) => {
    const hook = shellHook('echo hook >/order');
    const bundle = machine.bundle({ script: 'cat /order; echo program', hooks: { startContainer: [hook] } });
    const { id, output } = await machine.create(bundle);
    expect(existsSync(join(bundle, 'rootfs/order')), 'not before the start').toBe(false);
    machine.ok('start', id);
    expect((await output).stdout).toBe('hook\nprogram\n');
  });

  says(
    'poststart.when',
    async () => {
      const { after } = await story();
      expect(after.create).not.toContain('poststart');
      expect(after.start).toContain('poststart');
      expect((await seenBy('poststart')).text).toBe('ran');
    },
    {
      runc: async () => {
        const { after } = await story();
        expect(after.create).toContain('poststart');
        expect((await seenBy('poststart')).text).toBe('');
      },
    },
  );

  says('poststop.when', async () => {
    const { after } = await story();
    expect(after.start).not.toContain('poststop');
    expect(after.delete).toContain('poststop');
    expect((await seenBy('poststop')).text.split('\n').at(-1)).toBe('gone');
  });

  says('hooks.order', async () => {
    expect((await story()).after.delete).toEqual([
      ...['prestart', 'prestart2', 'createRuntime', 'createRuntime2', 'createContainer'],
      ...['poststart', 'poststop'],
    ]);
  });

  says('hooks.state', async () => {
    const { id, pid, dumps, inside } = await story();
    for (const name of ['prestart', 'createRuntime', 'poststart']) {
      expect(dumps[name]?.state, name).toMatchObject({ id, pid, ociVersion: expect.any(String) as string });
    }
    expect(dumps['createContainer']?.state).toMatchObject({ id });
    expect(dumps['poststop']?.state).toMatchObject({ id, status: 'stopped' });
    expect(inside.state).toMatchObject({ id });
  });

  says('hooks.absolute', async (machine) => {
    const hooks = { createRuntime: [{ path: 'bin/true' }] };
    expect((await machine.tryCreate({ hooks })).code).not.toBe(0);
  });

  says('hooks.arguments', async (machine) => {
    const file = join(machine.directory(), 'said');
    const args = [
      'zeroth',
      '-c',
      `echo "$0 $1 $WORD" >${file}; env | grep -v -e PWD -e SHLVL -e _= >>${file}`,
      'first',
      'second',
    ];
    await machine.run({ hooks: { createRuntime: [{ path: '/bin/sh', args, env: ['WORD=word', 'PATH=/bin'] }] } });
    expect(readFileSync(file, 'utf8').trim().split('\n').sort()).toEqual([
      'PATH=/bin',
      'WORD=word',
      'first second word',
    ]);
  });

  says('hooks.timeout', async (machine) => {
    const slow = { ...shellHook('exec sleep 20'), timeout: 1 };
    const begun = performance.now();
    expect((await machine.tryCreate({ hooks: { createRuntime: [slow] } })).code).not.toBe(0);
    expect(performance.now() - begun).toBeLessThan(15_000);
  });

  says('hooks.timeout-positive', async (machine) => {
    for (const timeout of [0, -1]) {
      const hooks = { createRuntime: [{ ...shellHook('true'), timeout }] };
      expect((await machine.tryCreate({ hooks })).code, String(timeout)).not.toBe(0);
    }
  });
});
