import { readFileSync, readlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Containers } from '../../../src/container/containers.js';
import { makeLab, untilSays } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';

const lab = makeLab();

/** As another process would, without anything in common but the state directory. */
const elsewhere = new Containers({ stateDir: lab.stateDir });

describe('the containers of others', () => {
  it('are paused and resumed, once each', async (context) => {
    requires(context, { cgroup: true });
    const container = await lab.spawn(['sh', '-c', 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.01; done'], {
      name: 'beat',
    });
    await untilSays(container, '3');
    expect(await elsewhere.pause('beat')).toBe(true);
    expect(elsewhere.get('beat')).toMatchObject({ status: 'paused', stats: { frozen: true } });
    expect(await elsewhere.pause('beat')).toBe(false);
    expect(await elsewhere.resume('beat')).toBe(true);
    expect(elsewhere.get('beat')).toMatchObject({ status: 'running' });
    expect(await elsewhere.resume('beat')).toBe(false);
  });

  it('are listed, without those of whom somebody knows already', async () => {
    for (const name of ['a', 'b']) await lab.spawn(['sleep', '1000'], { name });
    expect(elsewhere.list().map(({ id }) => id)).toEqual(['a', 'b']);
    expect(elsewhere.list({ except: new Set(['a', 'c']) }).map(({ id }) => id)).toEqual(['b']);
  });

  it('that are not there can be neither paused nor resumed', async () => {
    await expect(elsewhere.pause('nobody')).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    await expect(elsewhere.resume('nobody')).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    expect(() => elsewhere.inspect('nobody')).toThrow(expect.objectContaining({ code: 'ERR_NOT_FOUND' }) as Error);
  });

  it('that are being created can be neither paused nor resumed', async () => {
    const attempts: Promise<unknown>[] = [];
    const faults = {
      act: <T>(what: string, run: () => T): T => {
        if (what === 'send plan') attempts.push(elsewhere.pause('web'), elsewhere.resume('web'));
        for (const attempt of attempts) attempt.catch(() => undefined);
        return run();
      },
    };
    await lab.spawn(['sleep', '1000'], { name: 'web' }, faults);
    expect(await Promise.allSettled(attempts)).toMatchObject([
      { reason: { code: 'ERR_STATE', action: 'pause', status: 'creating' } },
      { reason: { code: 'ERR_STATE', action: 'resume', status: 'creating' } },
    ]);
  });
});

describe('inspect()', () => {
  it('tells what the kernel knows, not only what was asked for', async (context) => {
    requires(context, { root: true, idmap: true, controllers: ['memory', 'pids', 'cpu', 'cpuset'] });
    const container = await lab.spawn(['sleep', '1000'], {
      name: 'web',
      memory: '64M',
      memoryReservation: '32M',
      cpus: 1.5,
      cpusetCpus: '0',
      pids: 20,
      net: 'host',
    });
    const details = elsewhere.inspect('web');
    expect(details).toMatchObject({
      id: 'web',
      status: 'running',
      pid: container.pid,
      command: ['sleep', '1000'],
      owner: { pid: process.pid, alive: true },
      dieWithParent: true,
      init: true,
      rootfs: { source: '/', overlay: true, readOnly: false },
      namespaces: {
        user: { shared: false },
        mount: { shared: false },
        pid: { inode: inodeOf(container.pid, 'pid'), shared: false },
        network: { inode: inodeOf('self', 'net'), shared: true },
        cgroup: { shared: false },
      },
      limits: {
        memoryMaxBytes: 64 * 1024 ** 2,
        memoryReservationBytes: 32 * 1024 ** 2,
        cpus: 1.5,
        cpusetCpus: '0',
        pidsMax: 20,
      },
      stateFile: `${lab.stateDir}/web.state`,
      spec: { process: { args: ['sleep', '1000'] } },
    });
    expect(details.owner.command?.length).toBeGreaterThan(0);
    const [first] = details.idMaps?.uids ?? [];
    expect(
      readFileSync(`/proc/${String(container.pid)}/uid_map`, 'utf8')
        .trim()
        .split(/\s+/)
        .map(Number),
    ).toEqual([first?.containerID, first?.hostID, first?.size]);
    expect(details.cgroup.v2?.path.endsWith('/web')).toBe(true);
  });

  it('has no limits where there are none', async () => {
    await lab.spawn(['sleep', '1000'], { name: 'web', isolation: 'cgroup' });
    const { limits, namespaces, rootfs, init, idMaps } = elsewhere.inspect('web');
    const { cpuWeight: _c, cpuShares: _s, ioWeight: _i, cpusetCpus: _l, cpusetMems: _m, ...others } = limits;
    expect(others).toEqual({});
    expect(idMaps).toBeUndefined();
    expect(init).toBe(true);
    expect(rootfs).toEqual({ source: '/', overlay: false, readOnly: false });
    expect(Object.values(namespaces).map(({ shared }) => shared)).toEqual(Array(8).fill(true));
  });
});

const inodeOf = (pid: number | 'self', link: string): number =>
  Number(/\[(\d+)\]/.exec(readlinkSync(`/proc/${String(pid)}/ns/${link}`))![1]);
