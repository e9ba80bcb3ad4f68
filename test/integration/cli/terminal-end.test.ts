import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { until } from '../../helpers/lab.js';
import { findByArgument } from '../../helpers/leaks.js';
import { bash, ctrl } from '../../helpers/pty.js';
import { TIME_SCALE } from '../../helpers/scale.js';
import { makeCliLab } from './cli-lab.js';
import { LEFT, corral, makeSeats, watched } from './seat.js';

const lab = makeCliLab();
const { sit, runs, newName, pidOf } = makeSeats(lab);

/** Tells whether the keys of a terminal are handed over as they are. */
function isRaw(tty: string): boolean {
  return execFileSync('stty', ['-F', tty, '-a'], { encoding: 'utf8' }).includes('-isig -icanon ');
}

describe('the terminal is left as it was found', () => {
  const READY = 'echo ready; exec sleep 1000';

  it.each<[string, number, (corral: number, name: string) => unknown]>([
    ['corral gets SIGTERM', 143, (pid) => process.kill(pid, 'SIGTERM')],
    ['corral gets SIGINT', 130, (pid) => process.kill(pid, 'SIGINT')],
    ['corral gets SIGHUP', 129, (pid) => process.kill(pid, 'SIGHUP')],
    ['corral gets SIGQUIT', 131, (pid) => process.kill(pid, 'SIGQUIT')],
    ['it is killed from elsewhere', 137, (_, name) => lab.corral(['kill', name])],
    ['it ends by a signal of its own', 137, (_, name) => lab.corral(['exec', name, 'sh', '-c', 'kill -9 2'])],
  ])('when %s', async (_name, code, end) => {
    const name = newName();
    const seat = await sit(watched(runs(['-it', '--name', name, 'sh', '-c', READY])));
    await seat.sees(/ready\r\n/);
    await end(await pidOf(name), name);
    expect((await seat.sees(LEFT)).slice(1)).toEqual(['as found', String(code)]);
  });

  it('when the time is up', async () => {
    const seat = await sit(watched(runs(['-it', '--timeout', '1s', 'sh', '-c', READY])));
    expect((await seat.sees(LEFT)).slice(1)).toEqual(['as found', '124']);
  });

  it('when what runs has to be killed for want of an answer, and says so in a line of its own', async () => {
    const name = newName();
    const command = corral(lab.runWords(['-it', '--name', name, 'sh', '-c', `trap "" TERM; ${READY}`]));
    const seat = await sit(watched(command));
    await seat.sees(/ready\r\n/);
    const pid = await pidOf(name);
    for (let count = 0; count < 3; count++) {
      process.kill(pid, 'SIGTERM');
      await delay(100);
    }
    await seat.sees(/^corral: it was asked to end and has not: killing it\r\n/);
    expect((await seat.sees(LEFT)).slice(1)).toEqual(['as found', '137']);
  });

  it('when it does not even start', async () => {
    const seat = await sit(watched(runs(['-it', 'no-such-program'])));
    await seat.sees(/^corral: find executable no-such-program: ENOENT \(no such file or directory\)\r\nhint: .*\r\n/);
    expect((await seat.sees(LEFT)).slice(1)).toEqual(['as found', '127']);
  });

  it('when corral itself breaks down', async () => {
    const broken = `setTimeout(() => { throw new Error("broken") }, ${1500 * TIME_SCALE})`;
    const preload = `--import=data:text/javascript,${encodeURIComponent(broken)}`;
    const seat = await sit(watched(runs(['-it', 'sh', '-c', READY])), { NODE_OPTIONS: preload });
    await seat.sees(/ready\r\n/);
    await seat.sees(/Error: broken/);
    expect((await seat.sees(LEFT)).slice(1)).toEqual(['as found', '1']);
    await lab.corral(['prune']);
  });

  it('when it does not take what is shown, and corral is asked to end once more', async () => {
    const name = newName();
    const seat = await sit(watched(runs(['-it', '--name', name, 'sh', '-c', 'echo ready; exec yes'])));
    await seat.sees(/ready\r\n/);
    seat.container.terminal?.pause();
    const pid = await pidOf(name);
    await delay(500); // until everything on the way is full
    process.kill(pid, 'SIGTERM');
    await until(() => lab.status(name) === undefined, 'the container is gone');
    await delay(200);
    expect(findByArgument(name)).toEqual([pid]);
    process.kill(pid, 'SIGTERM');
    await until(() => findByArgument(name).length === 0, 'corral is gone');
    seat.container.terminal?.resume();
    expect((await seat.sees(LEFT)).slice(1)).toEqual(['as found', '143']);
  });

  it('when it is not the one that controls corral', async () => {
    const seat = await sit(watched(`setsid -w ${runs(['-it', 'sh', '-c', 'tty; read x; exit $x'])}`));
    await seat.sees(/\/dev\/pts\/0\r\n/);
    seat.enter('3');
    expect((await seat.sees(LEFT)).slice(1)).toEqual(['as found', '3']);
  });

  it('when it was started in the background: it waits to be called', async () => {
    const seat = await sit(bash('out> '));
    await seat.sees(/out> $/);
    const name = newName();
    seat.enter(`${runs(['-it', '--name', name, ...bash('in> ')])} &`);
    await seat.sees(/\[1\] \d+\r\nout> $/);
    const pid = await pidOf(name);
    await until(() => readFileSync(`/proc/${String(pid)}/stat`, 'utf8').includes(' T '), 'it is stopped');
    await seat.asks('until jobs | grep Stopped; do sleep 0.1; done', /\nout> $/);
    seat.enter('fg');
    await seat.sees(/in> $/);
    await seat.asks('stty size', /24 80\r\nin> $/);
    seat.enter('exit 4');
    await seat.sees(/out> $/);
    await seat.asks('echo code $?', /code 4\r\nout> $/);
  });

  it('while it is stopped from outside; and taken again when it goes on', async () => {
    for (const signal of ['SIGTSTP', 'SIGSTOP'] as const) {
      const name = newName();
      const seat = await sit(bash('out> '));
      await seat.sees(/out> $/);
      const [, tty] = await seat.asks('tty', /(\/dev\/pts\/\d+)\r\nout> $/);
      seat.enter(runs(['-it', '--name', name, 'sh', '-c', 'echo ready; exec cat -v']));
      await seat.sees(/ready\r\n/);
      process.kill(await pidOf(name), signal);
      await seat.sees(/Stopped[^]*out> $/);
      if (signal === 'SIGTSTP') expect(isRaw(tty!)).toBe(false);
      seat.container.terminal?.resize({ columns: 99, rows: 33 });
      seat.enter('fg');
      await seat.sees(/cat -v'\r\n/);
      await until(() => isRaw(tty!), 'it is raw again');
      // The shell's terminal would have turned this key into a signal.
      seat.type(`${ctrl('v')}${ctrl('c')}\r`);
      await seat.sees(/\^C\r\n\^C\r\n/);
      seat.type(ctrl('d'));
      await seat.sees(/out> $/);
      await seat.asks('stty size; echo code $?', /33 99\r\ncode 0\r\nout> $/);
    }
  });
});

describe('the end of the caller’s terminal', () => {
  // What does not die of the signal that corral hands on gets the hang-up itself: its input is at its end.
  it.each([['-it'], ['-i']])('is that of the input inside, with %s', async (flags) => {
    const command = runs([flags, 'sh', '-c', 'trap "" HUP; echo ready; exec cat >/dev/null']);
    const seat = await sit(['sh', '-c', `exec ${command}`]);
    await seat.sees(/ready\r\n/);
    seat.container.terminal?.destroy();
    // cat(1) finds an end, or an error; corral itself, whose streams are dead, does not break down.
    const { exitCode } = await seat.container.exited;
    expect([0, 1]).toContain(exitCode);
    expect((await lab.corral(['ps', '-q'])).stdout).toBe('');
  });

  it('is the container’s when corral itself is killed', async () => {
    const name = newName();
    const seat = await sit(
      watched(runs(['-it', '--name', name, 'sh', '-c', 'trap "" HUP; echo ready; exec sleep 1000'])),
    );
    await seat.sees(/ready\r\n/);
    process.kill(await pidOf(name), 'SIGKILL');
    await seat.sees(/code 137\n/);
    await until(() => lab.status(name) === 'abandoned', 'its owner is dead');
    expect((await lab.corral(['prune'])).code).toBe(0);
  });
});
