import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { listCgroups } from '../helpers/leaks.js';
import { readOrder, shellHook, tellingHook } from './lib/hooks.js';
import type { Machine } from './lib/machine.js';
import { type Section, describeSection } from './lib/section.js';

const FAILS = shellHook('echo it went wrong >&2; exit 3');

/** What is left of a container one of whose hooks has failed. */
interface Aftermath {
  readonly code: number | null;
  /** Whether there is still a container of that name. */
  readonly isThere: boolean;
  readonly cgroups: readonly string[];
  /** The hooks that were called beside. */
  readonly called: readonly string[];
}

/** Creates a container, and starts it, with a hook of one kind that fails. */
async function failIn(machine: Machine, kind: string): Promise<Aftermath> {
  const dumps = machine.directory();
  const hooks = { [kind]: [FAILS, tellingHook(dumps, 'next')], poststop: [tellingHook(dumps, 'poststop')] };
  const { id, code, output } = await machine.tryCreate({ script: 'exec sleep 1000', hooks });
  const started = code === 0 ? machine.call('start', id).code : code;
  const isThere = machine.call('state', id).code === 0;
  if (code === 0 && !isThere) {
    machine.forget(id);
    await output;
  }
  return { code: started, isThere, cgroups: listCgroups(machine.cgroupParent), called: readOrder(dumps) };
}

const GONE = { isThere: false, cgroups: [], called: ['poststop'] };

function saysOfFailure(says: Section['says'], kind: 'prestart' | 'createRuntime' | 'createContainer'): void {
  says(`lifecycle.${kind}`, async (machine) => {
    const { code, ...rest } = await failIn(machine, kind);
    expect(code).not.toBe(0);
    expect(rest).toEqual(GONE);
  });
}

describeSection('runtime.md: lifecycle, errors and warnings', ({ says }) => {
  says('lifecycle.environment', async (machine) => {
    const { id } = await machine.create({
      top: { hostname: 'lifecycle' },
      linux: { sysctl: { 'net.ipv4.ip_forward': '1' } },
    });
    const { pid } = machine.state(id);
    expect(readFileSync(`/proc/${String(pid)}/mountinfo`, 'utf8')).toContain(' /proc ');
    expect(listCgroups(machine.cgroupParent).length).toBeGreaterThan(0);
  });

  says('lifecycle.unable', async (machine) => {
    const mounts = [{ destination: '/mnt', type: 'nosuchfs', source: 'none' }];
    expect((await machine.tryCreate({ mounts })).code).not.toBe(0);
  });

  says('lifecycle.not-run', async (machine) => {
    const { bundle } = await machine.create({ script: 'touch /ran' });
    expect(existsSync(join(bundle, 'rootfs/ran'))).toBe(false);
  });

  says('lifecycle.updates', async (machine) => {
    const { id, bundle, output } = await machine.create({ script: 'echo the first' });
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(machine.config({ script: 'echo the second' })));
    machine.ok('start', id);
    expect((await output).stdout).toBe('the first\n');
  });

  saysOfFailure(says, 'prestart');
  saysOfFailure(says, 'createRuntime');
  saysOfFailure(says, 'createContainer');

  says(
    'lifecycle.startContainer',
    async (machine) => {
      const { code, ...rest } = await failIn(machine, 'startContainer');
      expect(code).not.toBe(0);
      expect(rest).toEqual(GONE);
    },
    {
      runc: async (machine) => {
        expect(await failIn(machine, 'startContainer')).toMatchObject({ isThere: true, called: [] });
      },
    },
  );

  says('lifecycle.run', async (machine) => {
    expect(await machine.lines({ process: { args: ['/bin/sh', '-c', 'echo $0 $1', 'zero', 'one'] } })).toEqual([
      'zero one',
    ]);
  });

  says(
    'lifecycle.poststart',
    async (machine) => {
      const { code, ...rest } = await failIn(machine, 'poststart');
      expect(code).not.toBe(0);
      expect(rest).toEqual(GONE);
    },
    {
      runc: async (machine) => {
        // It has run them in create already.
        expect(await failIn(machine, 'poststart')).toMatchObject({ isThere: false, called: ['poststop'] });
      },
    },
  );

  says('lifecycle.destroyed', async (machine) => {
    const { id, output } = await machine.create({
      linux: { namespaces: [{ type: 'mount' }, { type: 'pid' }, { type: 'network' }] },
    });
    machine.ok('start', id);
    await output;
    await machine.untilStopped(id);
    machine.delete(id);
    expect(listCgroups(machine.cgroupParent)).toEqual([]);
    expect(existsSync(join(machine.stateDir, id))).toBe(false);
  });

  says('lifecycle.poststop', async (machine) => {
    const dumps = machine.directory();
    await machine.run({ hooks: { poststop: [tellingHook(dumps, 'one'), tellingHook(dumps, 'two')] } });
    expect(readOrder(dumps)).toEqual(['one', 'two']);
  });

  const failPoststop = async (machine: Machine): Promise<readonly string[]> => {
    const dumps = machine.directory();
    const { id, output } = await machine.create({ hooks: { poststop: [FAILS, tellingHook(dumps, 'two')] } });
    machine.ok('start', id);
    await output;
    await machine.untilStopped(id);
    const { code, stderr } = machine.call('delete', id);
    expect(code).toBe(0);
    expect(stderr).toMatch(/hook.*it went wrong/s);
    expect(machine.call('state', id).code).not.toBe(0);
    machine.forget(id);
    return readOrder(dumps);
  };
  says(
    'lifecycle.poststop-fails',
    async (machine) => {
      expect(await failPoststop(machine)).toEqual(['two']);
    },
    {
      runc: async (machine) => {
        expect(await failPoststop(machine)).toEqual([]);
      },
    },
  );

  // One that fails late, when nearly all has been set up. The leak check looks at the rest of the host.
  says('errors', async (machine) => {
    const { id, code } = await machine.tryCreate({ process: { cwd: '/', args: ['/no/such/program'] } });
    expect(code).not.toBe(0);
    expect(listCgroups(machine.cgroupParent)).toEqual([]);
    expect(existsSync(join(machine.stateDir, id))).toBe(false);
    expect((await machine.run({ script: 'echo ran' }, { id })).stdout).toBe('ran\n');
  });

  says('warnings', async (machine) => {
    const { stdout } = await machine.run({
      script: 'echo ran',
      process: { capabilities: { bounding: ['CAP_NO_SUCH'] } },
    });
    expect(stdout).toBe('ran\n');
  });
});
