import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { ContainerResult } from '../../../src/container/result.js';
import { Store } from '../../../src/container/store.js';
import { spawnSupervised } from '../../../src/container/supervised.js';
import { SyscallError } from '../../../src/errors/syscall-error.js';
import { Pidfd } from '../../../src/native/pidfd.js';
import { makeHolders } from '../../helpers/holder.js';
import { makeLab, until } from '../../helpers/lab.js';
import { listCgroups } from '../../helpers/leaks.js';
import { killHard, startOwner } from '../../helpers/owner.js';

const lab = makeLab();
const holders = makeHolders(lab);

/** Nothing of it is left, and nobody knows of it any more. */
async function expectGone(): Promise<void> {
  expect(listCgroups(lab.cgroupParent)).toEqual([]);
  expect(await holders.adopt()).toEqual({ outcome: 'absent' });
}

describe('a container', () => {
  it('whose owner lives is nobody else’s', async () => {
    const holder = await holders.start(['sleep', '1000']);
    expect(await holders.adopt()).toEqual({ outcome: 'owned' });
    await lab.containers.kill('box');
    await until(() => holder.told().length === 1, 'its owner knows');
    expect(holder.told()).toMatchObject([{ signal: 'SIGKILL' }]);
    await until(() => lab.containers.list().length === 0, 'its owner has cleared it away');
  });

  it('is waited for by others across its owners', async () => {
    const holder = await holders.start(['sh', '-c', 'sleep 0.6; exit 5']);
    const waits = [lab.containers.wait('box')];
    await holder.die();
    waits.push(lab.containers.wait('box'));
    const container = await holders.take();
    waits.push(lab.containers.wait('box'));
    const result = await container.exited;
    for (const report of await Promise.all(waits)) {
      expect(report).toEqual({ ...result, id: 'box', durationMs: expect.any(Number) as number });
    }
  });

  it('is waited for by others who have nobody left to ask but what it has noted', async () => {
    const holder = await holders.start(['sh', '-c', 'sleep 0.3; exit 5']);
    const wait = lab.containers.wait('box');
    await holder.die();
    expect(await wait).toEqual({ id: 'box', exitCode: 5, signal: null });
    expect(await lab.containers.wait('box')).toEqual({ id: 'box', exitCode: 5, signal: null });
    expect(await (await holders.take()).exited).toMatchObject({ exitCode: 5 });
  });

  it('of an earlier boot is gone, and so is its state', async () => {
    const holder = await holders.start(['sleep', '1000']);
    await holder.die();
    const store = new Store(lab.stateDir);
    const path = store.path('box');
    const state = readFileSync(path, 'utf8');
    writeFileSync(path, state.replaceAll(/"bootId":"[^"]*"/g, '"bootId":"00000000-0000-0000-0000-000000000000"'));
    const cleared: string[] = [];
    const onCleared = (outcome: string): void =>
      void cleared.push(`${outcome} ${String(lab.containers.list().length)}`);
    expect(await holders.adopt({ onCleared })).toMatchObject({ outcome: 'rebooted', state: { id: 'box' } });
    expect(cleared).toEqual(['rebooted 1']);
    expect(readdirSync(lab.stateDir)).toEqual([]);
    // Whatever is at its place is not touched: here it is the container, as it would be another one there.
    writeFileSync(path, state);
    await (await holders.take()).kill();
  });

  it('of which there is half a state is cleared away', async () => {
    writeFileSync(join(lab.stateDir, 'box.state'), '{"version":1,"id":"bo');
    expect(await holders.adopt()).toEqual({ outcome: 'unfinished', state: undefined });
    expect(readdirSync(lab.stateDir)).toEqual([]);
  });

  it('is started where its caller is, and not where its supervisor is', async () => {
    const directory = lab.directory();
    const output = join(directory, 'output');
    const around = { cwd: directory, env: { TERM: 'vt100', PATH: '/usr/bin:/bin', GIVEN: 'yes' } };
    const holder = await holders.start(['sh', '-c', 'pwd; echo "$GIVEN"'], {
      isolation: 'cgroup',
      around,
      stdout: { file: output },
    });
    await until(() => holder.told().length === 1, 'it has ended');
    expect(readFileSync(output, 'utf8')).toBe(`${directory}\nyes\n`);
    await until(() => lab.containers.list().length === 0, 'it is cleared away');
  });

  it('of whose terminal nobody can be the reader ends all the same', async () => {
    const holder = await holders.start(['sh', '-c', 'sleep 0.3; echo unread; exit 8'], { terminal: true });
    await holder.die();
    const refused = new SyscallError({
      action: 'take descriptor 2 of the process over',
      syscall: 'pidfd_getfd',
      errno: 1,
    });
    const take = vi.spyOn(Pidfd.prototype, 'takeFd').mockImplementation(() => {
      throw refused;
    });
    const container = await holders.take();
    take.mockRestore();
    expect(container.terminal).toBeNull();
    expect(container.notes).toEqual([`its terminal is lost: ${refused.message}`]);
    expect(await container.exited).toMatchObject({ exitCode: 8, signal: null });
    await expectGone();
  });

  it('that an engine has made is not taken over', async () => {
    const holder = await holders.start(['sleep', '1000']);
    await holder.die();
    const path = new Store(lab.stateDir).path('box');
    const state = readFileSync(path, 'utf8');
    writeFileSync(path, state.replaceAll('"status":"running"', '"status":"created"'));
    await expect(holders.adopt()).rejects.toMatchObject({ code: 'ERR_STATE' });
    writeFileSync(path, state);
    await (await holders.take()).kill();
  });

  it('that outlives its owner without a supervisor can be taken over, too', async () => {
    const owner = await startOwner('hold', ['sh', '-c', 'echo ready; sleep 0.5; exit 6'], {
      ...lab.options,
      name: 'box',
      dieWithParent: false,
    });
    await killHard(owner);
    expect(lab.containers.get('box')).toMatchObject({ status: 'abandoned' });
    const container = await holders.take();
    expect(lab.containers.get('box')).toMatchObject({ status: 'running' });
    expect(await lab.containers.prune()).toEqual([]);
    expect(await container.exited).toMatchObject({ exitCode: 6 });
    await expectGone();
  });

  it('whose start fails leaves nothing', async () => {
    await expect(
      spawnSupervised(['/not/there'], { run: 1, ...lab.options, name: 'box', terminal: true }),
    ).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(
      spawnSupervised(['true'], { run: 1, ...lab.options, name: 'box', terminal: true, stdin: 'keep' }),
    ).rejects.toMatchObject({ code: 'ERR_OPTION', option: 'stdin' });
    expect(readdirSync(lab.stateDir)).toEqual([]);
  });

  it('that is not there cannot be taken over', async () => {
    expect(await holders.adopt()).toEqual({ outcome: 'absent' });
  });

  it('is told of its end before its state goes, and keeps that where it cannot be', async () => {
    const holder = await holders.start(['sh', '-c', 'sleep 0.3; exit 5']);
    await holder.die();
    const told: ContainerResult[] = [];
    const container = await holders.take({
      onEnd: (result) => {
        told.push(result);
        expect(lab.containers.get('box')).toMatchObject({ status: 'stopped' });
        expect(result).toMatchObject({ exitCode: 5 });
        throw new Error('the disk is full');
      },
    });
    await expect(container.exited).rejects.toThrow('the disk is full');
    expect(lab.containers.get('box')).toMatchObject({ status: 'stopped' });
    const again = await holders.take();
    expect(told).toHaveLength(1);
    expect(await again.exited).toMatchObject({ exitCode: 5, signal: null, usage: told[0]?.usage });
    await expectGone();
  });

  it('is told how it ended where its state is half removed', async () => {
    const container = await spawnSupervised(['sh', '-c', 'exit 5'], {
      run: 1,
      ...lab.options,
      name: 'box',
      onEnd: () => {
        throw new Error('the disk is full');
      },
    });
    await expect(container.exited).rejects.toThrow('the disk is full');
    // As far as one comes who dies in the middle of it; and nobody else has a trace of the process: its parent has reaped it.
    rmSync(join(lab.stateDir, 'box.report'));
    const again = await holders.take();
    expect(await again.exited).toMatchObject({ exitCode: 5, signal: null });
    await expectGone();
  });
});
