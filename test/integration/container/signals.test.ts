import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { freezePath, isPathFrozen } from '../../../src/cgroup/freeze.js';
import { guardThaw } from '../../../src/cgroup/thaw-guard.js';
import type { Container } from '../../../src/container/container.js';
import { Store } from '../../../src/container/store.js';
import { makeLab, until, untilSays } from '../../helpers/lab.js';
import { killHard, startOwner } from '../../helpers/owner.js';
import { requires } from '../../helpers/requires.js';
import { TIME_SCALE } from '../../helpers/scale.js';

const lab = makeLab();

/** The cgroup that is frozen: that of v2, or of the v1 freezer. */
function freezable(id: string): string {
  const { cgroup } = new Store(lab.stateDir).get(id);
  return cgroup.v2?.path ?? cgroup.v1.find(({ controllers }) => controllers.includes('freezer'))?.path ?? '';
}

/** Starts a perl script that says `ready`. */
async function perl(script: string, options: Parameters<typeof lab.spawn>[1] = {}): Promise<Container> {
  const container = await lab.spawn(['perl', '-e', `$| = 1; ${script}`], options);
  await untilSays(container, 'ready');
  return container;
}

/** Itself and five others, each in a process group of its own, write a line each for TERM; it ends with 7. */
const FAMILY = `
  my $main = $$;
  $SIG{TERM} = sub { syswrite STDOUT, "TERM\\n"; exit 7 if $$ == $main; };
  for (1 .. 5) { next if fork; setpgrp; sleep 1 while 1 }
  print "ready\\n"; sleep 1 while 1`;

async function rest(container: Container): Promise<string> {
  let text = '';
  for await (const chunk of container.stdout ?? []) text += String(chunk);
  return text;
}

describe('signal', () => {
  it('reaches the main process alone', async (context) => {
    requires(context, { programs: ['perl'] });
    const container = await perl(FAMILY, { name: 'family' });
    expect(await lab.containers.signal('family', 'TERM')).toBe(true);
    expect(await container.exited).toMatchObject({ exitCode: 7 });
    expect(await rest(container)).toBe('TERM\n');
  });

  it('refuses by name what is no signal, or no container that runs', async (context) => {
    requires(context, { programs: ['perl'] });
    const container = await perl(FAMILY, { name: 'web' });
    const wrong = { name: 'OptionError', option: 'signal' };
    await expect(lab.containers.signalAll('web', 'FOO')).rejects.toMatchObject(wrong);
    await expect(lab.containers.signal('web', 0)).rejects.toMatchObject(wrong);
    await expect(lab.containers.signalAll('nobody', 'TERM')).rejects.toMatchObject({ name: 'NotFoundError' });
    await container.kill();
    await expect(container.signalAll('TERM')).rejects.toMatchObject({ name: 'StateError' });
  });
});

describe('signalAll', () => {
  it('reaches every process, and corral-init hands nothing on a second time', async (context) => {
    requires(context, { programs: ['perl'] });
    const script = FAMILY.replace('exit 7 if $$ == $main', '');
    const container = await perl(script, { name: 'family' });
    const report = await lab.containers.signalAll('family', 'TERM');
    expect(report).toMatchObject({ processes: 6, complete: true, paused: false });
    expect(new Set(report.pids).size).toBe(6);
    expect(report.pids).not.toContain(container.pid);
    await delay(200 * TIME_SCALE);
    await container.kill();
    expect(await rest(container)).toBe('TERM\n'.repeat(6));
  });

  it('reaches cgroups that the container has made', async (context) => {
    requires(context, { programs: ['perl'], cgroup2: true });
    // Its main process stays: with that all others would end, before they have come to it or not.
    const container = await perl(FAMILY.replace('exit 7 if $$ == $main', ''));
    const exec = await container.exec([
      'perl',
      '-e',
      `$| = 1; $SIG{TERM} = sub { exit 5 }; print "ready\\n"; sleep 1 while 1`,
    ]);
    await untilSays(exec, 'ready');
    expect(await container.signalAll('TERM')).toMatchObject({ processes: 7 });
    expect(await exec.exited).toMatchObject({ exitCode: 5 });
  });

  it('waits in a paused container until it goes on, and leaves it paused', async (context) => {
    requires(context, { programs: ['perl'] });
    const container = await perl(FAMILY, { name: 'still' });
    await container.pause();
    expect(await container.signalAll('TERM')).toMatchObject({ processes: 6, complete: true, paused: true });
    expect(lab.containers.get('still').status).toBe('paused');
    await container.resume();
    expect(await container.exited).toMatchObject({ exitCode: 7 });
  });

  it('reaches a container whose owner has died', async (context) => {
    requires(context, { programs: ['perl'] });
    // Its output goes nowhere any more.
    const command = ['perl', '-e', `$| = 1; $SIG{PIPE} = 'IGNORE'; ${FAMILY}`];
    const owner = await startOwner('hold', command, { ...lab.options, name: 'left', dieWithParent: false });
    await killHard(owner);
    expect(await lab.containers.signalAll('left', 'CONT')).toMatchObject({ processes: 6 });
    expect(await lab.containers.stop('left')).toMatchObject({ exitCode: 7, killed: false });
    expect(lab.containers.list()).toEqual([]);
  });
});

describe('a container is never left frozen', () => {
  it('when what has frozen it dies', async (context) => {
    requires(context, { programs: ['perl'] });
    const container = await perl(FAMILY);
    const path = freezable(container.id);
    const guard = guardThaw(path);
    expect(await freezePath(path, 2000)).toBe(true);
    // What the guard sees of a death: the end of its input.
    await guard.release(false);
    expect(isPathFrozen(path)).toBe(false);
  });

  it('and is left alone when it was thawed, to be frozen by others', async (context) => {
    requires(context, { programs: ['perl'] });
    const container = await perl(FAMILY);
    const path = freezable(container.id);
    const guard = guardThaw(path);
    await container.pause();
    await guard.release(true);
    expect(isPathFrozen(path)).toBe(true);
  });

  it('when corral is killed at any moment of it', async (context) => {
    requires(context, { programs: ['perl'] });
    const container = await perl('$SIG{USR1} = "IGNORE"; print "ready\\n"; sleep 1 while 1', { name: 'hit' });
    const library = pathToFileURL(join(import.meta.dirname, '../../../dist/lib/index.js')).href;
    const script = `
      import { Containers } from ${JSON.stringify(library)};
      const containers = new Containers({ stateDir: ${JSON.stringify(lab.stateDir)} });
      await containers.signalAll('hit', 'USR1');
      console.log('go');
      for (;;) await containers.signalAll('hit', 'USR1');`;
    let frozen = 0;
    for (let round = 0; round < 12; round++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      await delay(round);
      child.kill('SIGKILL');
      await once(child, 'exit');
      if (isPathFrozen(freezable('hit'))) frozen++;
      await until(() => !isPathFrozen(freezable('hit')), 'it goes on');
    }
    await context.annotate(`found frozen right after the death: ${String(frozen)} of 12`);
    expect(lab.containers.get('hit').status).toBe('running');
    await container.kill();
  });
});

describe('stop', () => {
  it('asks, and tells how it ended', async (context) => {
    requires(context, { programs: ['perl'] });
    await perl(FAMILY, { name: 'family' });
    expect(await lab.containers.stop('family')).toMatchObject({
      id: 'family',
      exitCode: 7,
      signalled: 1,
      killed: false,
    });
    expect(lab.containers.list()).toEqual([]);
  });

  it('asks with the signal that the container was made with', async (context) => {
    requires(context, { programs: ['perl'] });
    await perl('$SIG{INT} = sub { exit 3 }; print "ready\\n"; sleep 1 while 1', { name: 'mine', stopSignal: 'SIGINT' });
    expect(await lab.containers.stop('mine')).toMatchObject({ exitCode: 3, killed: false });
  });

  it('kills what has not ended in time', async (context) => {
    requires(context, { programs: ['perl'] });
    await perl('$SIG{TERM} = "IGNORE"; print "ready\\n"; sleep 1 while 1', { name: 'deaf' });
    expect(await lab.containers.stop('deaf', { gracePeriod: 200 })).toMatchObject({ signal: 'SIGKILL', killed: true });
    expect(lab.containers.list()).toEqual([]);
  });

  it('lets a paused container go on, to end', async (context) => {
    requires(context, { programs: ['perl'] });
    await perl(FAMILY, { name: 'still' });
    await lab.containers.pause('still');
    expect(await lab.containers.stop('still')).toMatchObject({ exitCode: 7, killed: false });
    const own = await perl(FAMILY);
    await own.pause();
    expect(await own.stop()).toMatchObject({ exitCode: 7 });
  });

  it('refuses by name', async (context) => {
    requires(context, { programs: ['perl'] });
    const container = await perl(FAMILY, { name: 'web' });
    const { containers } = lab;
    await expect(containers.stop('nobody')).rejects.toMatchObject({ name: 'NotFoundError' });
    await expect(containers.stop('web', { stopSignal: 'FOO' })).rejects.toMatchObject({ option: 'stopSignal' });
    await expect(containers.stop('web', { gracePeriod: -1 })).rejects.toMatchObject({ option: 'gracePeriod' });
    await expect(container.stop({ gracePeriod: -1 })).rejects.toMatchObject({ option: 'gracePeriod' });
    expect(containers.get('web').status).toBe('running');
  });
});
