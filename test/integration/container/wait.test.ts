import { appendFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Containers } from '../../../src/container/containers.js';
import type { EndReport } from '../../../src/container/wait.js';
import { isKernel } from '../../helpers/kernel.js';
import { makeLab, until } from '../../helpers/lab.js';
import { killHard, startOwner } from '../../helpers/owner.js';

const lab = makeLab();

/** As another process would, without anything in common but the state directory. */
const waitElsewhere = (id: string, signal?: AbortSignal): Promise<EndReport> =>
  new Containers({ stateDir: lab.stateDir }).wait(id, signal === undefined ? {} : { signal });

const countWaiters = (id: string): number =>
  readFileSync(join(lab.stateDir, `${id}.state`), 'utf8').match(/"awaited"/g)?.length ?? 0;

describe('wait()', () => {
  it('tells all that the owner knows, to everybody who waits', async () => {
    const container = await lab.spawn(['sh', '-c', 'read line; exit 3'], { name: 'web', stdin: 'pipe' });
    const waits = Array.from({ length: 5 }, () => waitElsewhere('web'));
    await until(() => countWaiters('web') === 5, 'all of them wait');
    container.stdin?.end('\n');
    const result = await container.exited;
    for (const report of await Promise.all(waits)) {
      expect(report).toEqual({ ...result, id: 'web', durationMs: expect.any(Number) as number });
      expect(report).toMatchObject({ exitCode: 3, signal: null, oomKilled: false });
    }
    expect(readdirSync(lab.stateDir)).toEqual([]);
  });

  it('tells of a kill by somebody else', async () => {
    await lab.spawn(['sleep', '1000'], { name: 'web' });
    const wait = waitElsewhere('web');
    await lab.containers.kill('web');
    expect(await wait).toMatchObject({ id: 'web', exitCode: null, signal: 'SIGKILL', timedOut: false });
  });

  it('of a container that is not there is an error', async () => {
    await expect(waitElsewhere('nobody')).rejects.toMatchObject({ code: 'ERR_NOT_FOUND', id: 'nobody' });
    await expect(waitElsewhere('../x')).rejects.toMatchObject({ code: 'ERR_OPTION' });
  });

  it('ends when it is aborted, and leaves the container as it was', async () => {
    const container = await lab.spawn(['sleep', '1000'], { name: 'web' });
    const abort = new AbortController();
    const wait = waitElsewhere('web', abort.signal);
    expect(countWaiters('web')).toBe(1);
    abort.abort(new Error('enough'));
    await expect(wait).rejects.toThrow('enough');
    await expect(waitElsewhere('web', abort.signal)).rejects.toThrow('enough');
    expect(readdirSync(lab.stateDir)).toEqual(['web.state']);
    expect(lab.containers.get('web')).toMatchObject({ status: 'running', pid: container.pid });
  });

  it('knows how it ended, or that it was too late, at whatever moment it is called', async () => {
    const told: string[] = [];
    for (let round = 0; round < 40; round++) {
      const container = await lab.spawn(['sh', '-c', 'exit 7'], { name: 'web', init: round % 2 === 0 });
      await delay(round / 4);
      const outcomes = await Promise.allSettled([waitElsewhere('web'), waitElsewhere('web')]);
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') expect(outcome.value.exitCode).toBe(7);
        else expect(outcome.reason).toMatchObject({ code: 'ERR_NOT_FOUND' });
        told.push(outcome.status);
      }
      await container.exited;
      expect(readdirSync(lab.stateDir)).toEqual([]);
    }
    expect(told).toContain('fulfilled');
  });

  it('of a start that fails tells that it is over, and nothing else', async () => {
    let wait: Promise<EndReport> | undefined;
    const faults = {
      act: <T>(what: string, run: () => T): T => {
        if (what !== 'send plan') return run();
        wait = waitElsewhere('web');
        throw new Error('no plan today');
      },
    };
    await expect(lab.spawn(['true'], { name: 'web' }, faults)).rejects.toThrow('no plan today');
    expect(await wait).toEqual({ id: 'web' });
  });
});

/** Before Linux 6.15 the kernel tells only for as long as the machine's own init has not looked. */
const oneOf = (ending: Partial<EndReport>): unknown =>
  isKernel(6, 15)
    ? { id: 'web', ...ending }
    : (expect.toSatisfy(
        (report: EndReport) => report.exitCode === undefined || report.exitCode === ending.exitCode,
        'the exit code, or nothing',
      ) as unknown);

describe('wait(), when the owner dies', () => {
  it('tells of the end that comes with it', async () => {
    const owner = await startOwner('hold', ['sh', '-c', 'echo ready; sleep 1000'], { ...lab.options, name: 'web' });
    const wait = waitElsewhere('web');
    await killHard(owner);
    expect(await wait).toEqual(isKernel(6, 15) ? { id: 'web', exitCode: null, signal: 'SIGKILL' } : { id: 'web' });
    await lab.containers.prune();
  });

  it.each([
    ['exit 7', { exitCode: 7, signal: null }],
    ['kill -TERM $$', { exitCode: null, signal: 'SIGTERM' }],
  ])('goes on, and tells what the container has noted after %s', async (script, ending) => {
    const go = join(lab.directory(), 'go');
    const owner = await startOwner(
      'hold',
      ['sh', '-c', `echo ready; until [ -e ${go} ]; do sleep 0.02; done; ${script}`],
      { ...lab.options, name: 'web', dieWithParent: false, volumes: [`${join(go, '..')}:${join(go, '..')}`] },
    );
    const early = waitElsewhere('web');
    await killHard(owner);
    const late = waitElsewhere('web');
    await lab.containers.exec('web', ['touch', go]).then(({ exited }) => exited);
    expect(await early).toEqual({ id: 'web', ...ending });
    expect(await late).toEqual({ id: 'web', ...ending });
    // And when it has been dead for long.
    expect(await waitElsewhere('web')).toEqual({ id: 'web', ...ending });
    await lab.containers.prune();
  });

  it('after a start that was not finished when the wait began, tells what came of it', async () => {
    const go = join(lab.directory(), 'go');
    const owner = await startOwner(
      'hold',
      ['sh', '-c', `echo ready; until [ -e ${go} ]; do sleep 0.02; done; exit 7`],
      { ...lab.options, name: 'web', dieWithParent: false, volumes: [`${join(go, '..')}:${join(go, '..')}`] },
    );
    const file = join(lab.stateDir, 'web.state');
    // The first line is the state while it is created; what comes of it is added to it.
    const [creating = '', ...running] = readFileSync(file, 'utf8').split('\n');
    writeFileSync(file, `${creating}\n`);
    const wait = waitElsewhere('web');
    appendFileSync(file, running.join('\n'));
    await killHard(owner);
    await lab.containers.exec('web', ['touch', go]).then(({ exited }) => exited);
    expect(await wait).toEqual({ id: 'web', exitCode: 7, signal: null });
    await lab.containers.prune();
  });

  it('and there is no init to note anything, tells what the kernel knows', async () => {
    const owner = await startOwner('hold', ['sh', '-c', 'echo ready; sleep 0.5; exit 9'], {
      ...lab.options,
      name: 'web',
      dieWithParent: false,
      init: false,
    });
    const { pid } = lab.containers.get('web');
    const wait = waitElsewhere('web');
    await killHard(owner);
    expect(await wait).toEqual(oneOf({ exitCode: 9, signal: null }));
    await until(() => !existsSync(`/proc/${String(pid)}`), 'the machine’s own init has looked');
    // Whoever comes too late for that learns only that it is over.
    expect(await waitElsewhere('web')).toEqual({ id: 'web' });
    expect(existsSync(join(lab.stateDir, 'web.state'))).toBe(true);
    await lab.containers.prune();
  });
});
