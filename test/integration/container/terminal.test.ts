import { finished } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import type { SpawnOptions } from '../../../src/container/spawn.js';
import type { Terminal } from '../../../src/container/terminal.js';
import { makeLab, until } from '../../helpers/lab.js';
import { findByArgument, listDescriptors } from '../../helpers/leaks.js';
import { type Attended, Typist, attend, bash, ctrl } from '../../helpers/pty.js';
import { requires } from '../../helpers/requires.js';

const lab = makeLab();

const sh = (script: string): readonly string[] => ['sh', '-c', script];

const onTerminal = (command: readonly string[], options: SpawnOptions = {}): Promise<Attended> =>
  attend(lab, command, options);

async function read(terminal: Terminal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of terminal) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Has a command run that sleeps for that long, in so many processes, and waits until it is it. */
async function sleeps(typist: Typist, command: string, processes: number): Promise<void> {
  await typist.asks(command, /86401\r\n/);
  // Not their number: a child of the shell is not yet what it will become, and ignores keys like the shell itself.
  await until(() => findByArgument('86401').length === processes, 'it sleeps');
}

describe('a container with a terminal', () => {
  it('has it for its streams, and as the controlling terminal of a session of its own', async () => {
    const script =
      'tty; test -t 0 && test -t 1 && test -t 2 && echo all; cut -d" " -f 1,5,6,8 /proc/$$/stat; echo tty > /dev/tty';
    const { stdout, stderr } = await lab.run(sh(script), { terminal: true });
    expect(stdout).toMatch(/^\/dev\/pts\/0\r\nall\r\n(\d+) \1 \1 \1\r\ntty\r\n$/);
    expect(stderr).toBe('');
  });

  it('is as large as was asked for, else 80 by 24, from the first instruction', async () => {
    expect((await lab.run(['stty', 'size'], { terminal: true })).stdout).toBe('24 80\r\n');
    expect((await lab.run(['stty', 'size'], { terminal: { columns: 132, rows: 43 } })).stdout).toBe('43 132\r\n');
  });

  it('has the caller’s TERM, unless it is given another', async () => {
    const before = process.env['TERM'];
    try {
      process.env['TERM'] = 'screen';
      expect((await lab.run(sh('echo $TERM'), { terminal: true })).stdout).toBe('screen\r\n');
      expect((await lab.run(sh('echo $TERM'), { terminal: true, env: { TERM: 'vt100' } })).stdout).toBe('vt100\r\n');
      delete process.env['TERM'];
      expect((await lab.run(sh('echo $TERM'), { terminal: true })).stdout).toBe('xterm\r\n');
    } finally {
      if (before !== undefined) process.env['TERM'] = before;
    }
  });

  it('owns it, in the group of terminals, and sees it as /dev/console, too', async (context) => {
    requires(context, { root: true });
    const script = 'stat -c "%U:%G %a" $(tty); stat -c "%t:%T %i" $(tty) /dev/console | uniq | wc -l';
    expect((await lab.run(sh(script), { terminal: true, user: 'daemon' })).stdout).toBe('daemon:tty 620\r\n1\r\n');
    expect((await lab.run(sh(script), { terminal: true, readOnly: true })).stdout).toBe('root:tty 620\r\n1\r\n');
  });

  it('keeps neither end of it in its init', async () => {
    // On a busy machine the command may come before its init has put down what it had at the start.
    const count = 'until [ "$(ls /proc/1/fd | wc -l)" = 0 ]; do sleep 0.05; done';
    const { typist } = await onTerminal(sh(`${count}; cut -d" " -f 7 /proc/1/stat; sleep 1000`));
    await typist.sees(/^0\r\n/);
  });

  it('has none without being asked', async () => {
    const container = await lab.spawn(['sleep', '1000']);
    expect(container.terminal).toBeNull();
    const with_ = await lab.spawn(['sleep', '1000'], { terminal: true });
    expect([with_.stdin, with_.stdout, with_.stderr]).toEqual([null, null, null]);
    expect((await lab.run(['test', '-e', '/dev/console'])).exitCode).toBe(1);
  });

  it.each<[string, SpawnOptions]>([
    ['without an init', { init: false }],
    ['in the isolation of the cgroup alone', { isolation: 'cgroup' }],
    ['in the namespaces of the host', { pid: 'host', net: 'host', ipc: 'host', uts: 'host', cgroupns: 'host' }],
    ['without a user namespace', { userns: 'host' }],
  ])('works %s', async (_name, options) => {
    const { container, typist } = await onTerminal(bash('> '), options);
    await typist.sees(/> $/);
    await typist.asks('tty', /\/dev\/pts\/\d+\r\n> $/);
    await sleeps(typist, 'sleep 86401', 1);
    typist.type(ctrl('z'));
    await typist.sees(/Stopped.*\r\n> $/);
    typist.enter('exit 4; exit 4');
    expect(await container.exited).toMatchObject({ exitCode: 4 });
  });

  it('can read and write no terminal of the host: there is none', async (context) => {
    requires(context, { root: true });
    const { stdout } = await lab.run(sh('ls /dev/pts'), { terminal: true });
    expect(stdout.trim().split(/\s+/)).toEqual(['0', 'ptmx']);
  });
});

describe('job control', () => {
  it('works as in any terminal: stop, background, foreground, interrupt, quit', async () => {
    const { container, typist } = await onTerminal(bash('> '));
    await typist.sees(/> $/);
    await sleeps(typist, 'sleep 86401', 1);
    typist.type(ctrl('z'));
    await typist.sees(/\[1\]\+ {2}Stopped +sleep 86401\r\n> $/);
    await typist.asks('bg', /\[1\]\+ sleep 86401 &\r\n> $/);
    await typist.asks('jobs', /\[1\]\+ {2}Running +sleep 86401 &\r\n> $/);
    await typist.asks('fg', /sleep 86401\r\n/);
    typist.type(ctrl('c'));
    await typist.sees(/\^C\r\n(\r\n)?> $/);
    await typist.asks('echo code $?', /code 130\r\n> $/);
    await sleeps(typist, 'sleep 86401 | sleep 86401', 2);
    typist.type(ctrl('\\'));
    await typist.sees(/Quit/);
    await typist.asks('echo code $?', /code 131\r\n> $/);
    typist.type(ctrl('d'));
    expect(await container.exited).toMatchObject({ exitCode: 0, signal: null });
  });

  it('stops a job in the background that wants to read', async () => {
    const { typist } = await onTerminal(bash('> '));
    await typist.sees(/> $/);
    typist.enter('cat &');
    await typist.sees(/\[1\] \d+\r\n/);
    await typist.asks('until jobs | grep Stopped; do sleep 0.1; done', /Stopped +cat\r\n/);
  });
});

describe('its size', () => {
  it('can be changed, and the foreground is told', async () => {
    const { terminal, typist } = await onTerminal(
      sh('trap "stty size" WINCH; echo ready; while :; do sleep 0.05; done'),
    );
    await typist.sees(/ready/);
    terminal.resize({ columns: 100, rows: 50 });
    await typist.sees(/50 100/);
    expect([terminal.columns, terminal.rows]).toEqual([100, 50]);
  });

  it('must be one, and is nobody’s any more after the end', async () => {
    const { container, terminal } = await onTerminal(['true']);
    expect(() => {
      terminal.resize({ columns: 0, rows: 5 });
    }).toThrow('size.columns: 0 is not a whole number, 1–65535');
    await container.exited;
    terminal.resize({ columns: 10, rows: 5 });
    await expect(lab.spawn(['true'], { terminal: { columns: 80, rows: 2 ** 16 } })).rejects.toMatchObject({
      code: 'ERR_OPTION',
      option: 'terminal.rows',
    });
  });
});

describe('its end', () => {
  it('is a hang-up when this side lets go', async () => {
    const { container, terminal } = await onTerminal(['sleep', '1000']);
    terminal.destroy();
    expect(await container.exited).toMatchObject({ signal: 'SIGHUP' });
  });

  it('gives the descriptors back with the container, read or not', async () => {
    const before = listDescriptors();
    const container = await lab.spawn(sh('echo unread; exec sleep 1000'), { terminal: true });
    expect(listDescriptors().length).toBeGreaterThan(before.length + 2);
    await container.kill();
    expect(listDescriptors().filter((fd) => !before.includes(fd))).toEqual([]);
    expect(container.terminal?.destroyed).toBe(false);
    container.terminal?.resume();
    await finished(container.terminal!);
  });

  it('comes with every other way of ending, too', async () => {
    const killed = await onTerminal(['sleep', '1000']);
    await killed.container.kill();
    await finished(killed.terminal);
    const late = await onTerminal(['sleep', '1000'], { timeout: 100 });
    await finished(late.terminal);
    expect(await late.container.exited).toMatchObject({ timedOut: true });
  });

  it('leaves nothing when the program is missing', async () => {
    await expect(lab.spawn(['no-such-program'], { terminal: true })).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(lab.spawn(['no-such-program'], { terminal: true, init: false })).rejects.toMatchObject({
      op: 'find-executable',
    });
  });
});

describe('a /dev/pts that is not the container’s', () => {
  it('is named, and why it will not do', async () => {
    const directory = lab.directory();
    await expect(lab.spawn(['true'], { terminal: true, volumes: [`${directory}:/dev/pts`] })).rejects.toMatchObject({
      op: 'open-terminal',
      code: 'ENODEV',
    });
    await expect(lab.spawn(['true'], { terminal: true, volumes: ['/dev/pts:/dev/pts'] })).rejects.toMatchObject({
      op: 'open-terminal',
      code: 'EACCES',
    });
  });
});

describe('exec() with a terminal', () => {
  it('has one of its own beside the main process’s', async () => {
    const main = await onTerminal(bash('main> '));
    await main.typist.sees(/main> $/);
    const child = await main.container.exec(bash('exec> '), {
      terminal: { columns: 90, rows: 20 },
      env: { TERM: 'vt100' },
    });
    const typist = new Typist(child.terminal);
    await typist.sees(/exec> $/);
    await typist.asks('tty; stty size; echo $TERM', /\/dev\/pts\/1\r\n20 90\r\nvt100\r\nexec> $/);
    child.terminal.resize({ columns: 91, rows: 21 });
    await typist.asks('stty size', /21 91\r\nexec> $/);
    await sleeps(typist, 'sleep 86401', 1);
    typist.type(ctrl('z'));
    await typist.sees(/Stopped.*\r\nexec> $/);
    await typist.asks('fg', /sleep 86401\r\n/);
    typist.type(ctrl('c'));
    await typist.sees(/\^C\r\n(\r\n)?exec> $/);
    typist.enter('exit 6');
    expect(await child.exited).toMatchObject({ exitCode: 6 });
    await finished(child.terminal);
    await main.typist.asks('stty size', /24 80\r\nmain> $/);
  });

  it('works in a container that has none, for any user, in any isolation', async (context) => {
    requires(context, { root: true });
    for (const options of [{}, { init: false, pid: 'host' }, { isolation: 'cgroup' }, { readOnly: true }] as const) {
      const container = await lab.spawn(['sleep', '1000'], options);
      const child = await container.exec(sh('stat -c %u $(tty); test -t 0 && echo yes'), { terminal: true, user: '1' });
      expect((await read(child.terminal)).toString()).toBe('1\r\nyes\r\n');
      expect(await child.exited).toMatchObject({ exitCode: 0 });
      await container.kill();
    }
  });

  it('is refused with streams, and by a /dev/pts that the container has replaced', async (context) => {
    requires(context, { root: true });
    const container = await lab.spawn(
      sh('mount -t tmpfs x /dev/pts && mkfifo /dev/pts/ptmx && echo ready; sleep 1000'),
      {
        capAdd: ['SYS_ADMIN'],
      },
    );
    await new Promise((resolve) => container.stdout?.once('data', resolve));
    await expect(container.exec(['true'], { terminal: true })).rejects.toMatchObject({
      op: 'open-terminal',
      code: 'ENODEV',
    });
    await expect(container.exec(['true'], { terminal: true, stdin: 'ignore' })).rejects.toMatchObject({
      option: 'stdin',
    });
  });

  it('is not led astray by what lies over ptmx', async (context) => {
    requires(context, { root: true });
    const container = await lab.spawn(sh('mount --bind /dev/null /dev/pts/ptmx && echo ready; sleep 1000'), {
      capAdd: ['SYS_ADMIN'],
    });
    await new Promise((resolve) => container.stdout?.once('data', resolve));
    await expect(container.exec(['true'], { terminal: true })).rejects.toMatchObject({
      op: 'open-terminal',
      code: 'EXDEV',
    });
  });
});
