import { describe, expect, it } from 'vitest';
import { until } from '../../helpers/lab.js';
import { findByArgument } from '../../helpers/leaks.js';
import { bash, ctrl } from '../../helpers/pty.js';
import { makeCliLab } from './cli-lab.js';
import { LEFT, corral, makeSeats, watched } from './seat.js';

const lab = makeCliLab();
const { sit, runs } = makeSeats(lab);

describe('corral run -it', () => {
  it('is a terminal inside: its size, its TERM, its keys; and its exit code', async () => {
    const seat = await sit(watched(runs(['-it', '-e', 'PS1=in> ', ...bash('in> ').slice(2)])));
    await seat.sees(/in> $/);
    await seat.asks(
      'tty; stty size; echo $TERM',
      /^tty; stty size; echo \$TERM\r\n\/dev\/pts\/0\r\n24 80\r\nxterm\r\nin> $/,
    );
    seat.enter('cat');
    await seat.asks('twice', /twice\r\ntwice\r\n/);
    seat.type(ctrl('c'));
    await seat.sees(/\^C\r\n(\r\n)?in> $/);
    await seat.asks('echo code $?', /code 130\r\nin> $/);
    seat.enter('exit 7');
    expect((await seat.sees(LEFT)).slice(1)).toEqual(['as found', '7']);
  });

  it('has job control inside', async () => {
    const seat = await sit(watched(runs(['-it', '-e', 'PS1=in> ', ...bash('in> ').slice(2)])));
    await seat.sees(/in> $/);
    await seat.asks('sleep 86401', /86401\r\n/);
    await until(() => findByArgument('86401').length === 1, 'it sleeps');
    seat.type(ctrl('z'));
    await seat.sees(/Stopped.*\r\nin> $/);
    await seat.asks('bg', /sleep 86401 &\r\nin> $/);
    await seat.asks('jobs', /Running.*\r\nin> $/);
    await seat.asks('fg', /sleep 86401\r\n/);
    seat.type(ctrl('\\'));
    await seat.sees(/Quit.*\r\nin> $/s);
    seat.type(ctrl('d'));
    expect((await seat.sees(LEFT)).slice(1)).toEqual(['as found', '131']);
  });

  it('takes on the size of the window, and its changes', async () => {
    const script = 'trap "stty size; exit" WINCH; stty size; while :; do sleep 0.05; done';
    const seat = await sit(watched(runs(['-it', 'sh', '-c', script])));
    await seat.sees(/24 80\r\n/);
    seat.container.terminal?.resize({ columns: 132, rows: 43 });
    await seat.sees(/43 132\r\n/);
    await seat.sees(LEFT);
  });

  it('hands every byte on as it is, in both directions', async () => {
    // All of them but those that the shell of this test would need in quotes; what comes back is counted byte by byte.
    const seat = await sit(
      watched(runs(['-it', 'sh', '-c', 'stty raw -echo; echo ready; head -c 256 | od -An -v -tu1 -w256'])),
    );
    await seat.sees(/ready\n/);
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    seat.container.terminal?.write(bytes);
    const [shown] = await seat.sees(/(\d+\s+)+255\n/);
    expect(shown.trim().split(/\s+/).map(Number)).toEqual([...bytes]);
    await seat.sees(LEFT);
  });

  it('works on the terminal of a pipeline: only its keys need be typed', async () => {
    const seat = await sit(watched(`${runs(['-it', 'sh', '-c', 'stty size; read x; echo $x'])} | tr a-z A-Z`));
    await seat.sees(/24 80\r*\n/);
    seat.enter('word');
    await seat.sees(/WORD\r*\n/);
    await seat.sees(LEFT);
  });

  it('hangs up when nobody reads any more', async () => {
    const seat = await sit(watched(`${runs(['-it', 'yes'])} | head -n 1`));
    await seat.sees(/y\r*\n/);
    expect((await seat.sees(LEFT))[1]).toBe('as found');
  });

  it('works without namespaces', async () => {
    const seat = await sit(watched(runs(['--isolation', 'cgroup', '-it', 'sh', '-c', 'tty; read x; echo "($x)"'])));
    await seat.sees(/\/dev\/pts\/\d+\r\n/);
    seat.enter('word');
    await seat.sees(/\(word\)\r\n/);
    await seat.sees(LEFT);
  });
});

describe('corral run -t', () => {
  it('leaves the keys to the caller’s terminal, and what they mean', async () => {
    const seat = await sit(watched(runs(['-t', 'sh', '-c', 'tty; exec sleep 1000'])));
    await seat.sees(/\/dev\/pts\/0\r*\n/);
    seat.type(ctrl('c'));
    expect((await seat.sees(LEFT)).slice(1)).toEqual(['as found', '130']);
  });

  it('reads nothing: what is typed is for whoever comes after it', async () => {
    const seat = await sit(watched(runs(['-t', 'sh', '-c', 'tty; sleep 1'])));
    await seat.sees(/\/dev\/pts\/0\r*\n/);
    seat.enter('for later');
    await seat.sees(/for later\r\n/);
    expect((await seat.sees(LEFT)).slice(1)).toEqual(['as found', '0']);
    await seat.sees(/got for later\r\n/);
  });

  it('takes on the size of the window', async () => {
    const script = 'trap "stty size; exit" WINCH; stty size; while :; do sleep 0.05; done';
    const seat = await sit(watched(runs(['-t', 'sh', '-c', script])));
    await seat.sees(/24 80\r*\n/);
    seat.container.terminal?.resize({ columns: 132, rows: 43 });
    await seat.sees(/43 132\r*\n/);
    await seat.sees(LEFT);
  });

  it('needs no terminal of the caller’s: what is shown goes where output goes, in one stream', async () => {
    expect(await lab.run(['-t', 'sh', '-c', 'tty; stty size; echo err >&2; exit 5'])).toMatchObject({
      code: 5,
      stdout: '/dev/pts/0\r\n24 80\r\nerr\r\n',
      stderr: '',
    });
  });

  it('is asked for by a file of options, too, which may say how large it is', async () => {
    const input = JSON.stringify({ terminal: { columns: 100, rows: 30 }, command: ['stty', 'size'] });
    expect(await lab.run(['-f', '-'], { input })).toMatchObject({ code: 0, stdout: '30 100\r\n' });
    const wrong = JSON.stringify({ terminal: { columns: 0, rows: 30 }, command: ['true'] });
    expect(await lab.run(['-f', '-'], { input: wrong })).toMatchObject({
      code: 125,
      stderr: 'corral: standard input: terminal/columns: 0 is not a whole number, 1–65535\n',
    });
  });

  it('loses nothing of what is shown', async () => {
    const { stdout } = await lab.run(['-t', 'sh', '-c', 'stty raw; head -c 10000000 /dev/zero | tr "\\0" x; echo end']);
    expect(stdout).toBe(`${'x'.repeat(10_000_000)}end\n`);
  });

  it('reads nothing of what is piped to it, and without -t a pipe is no terminal', async () => {
    expect(await lab.run(['-t', 'sh', '-c', 'sleep 0.2; echo done'], { input: 'x\n' })).toMatchObject({
      stdout: 'done\r\n',
    });
    expect(await lab.run(['-i', 'sh', '-c', 'cat; tty'], { input: 'x\n' })).toMatchObject({ stdout: 'x\nnot a tty\n' });
  });
});

describe('-it without a terminal', () => {
  it.each([[lab.runWords(['-it', 'true'])], [['exec', '-it', 'nobody', 'true']]])('%j is refused', async (words) => {
    expect(await lab.corral(words, { input: '' })).toEqual({
      code: 125,
      signal: null,
      stdout: '',
      stderr:
        'corral: --tty needs a terminal: standard input is not one\nhint: leave out -t to hand input on as it is, or -i to hand none on\n',
    });
  });
});

describe('corral exec -it', () => {
  it('is a terminal in a container that runs', async () => {
    await lab.box('seat');
    const seat = await sit(watched(corral(['exec', '-it', '-e', 'PS1=in> ', 'seat', ...bash('in> ').slice(2)])));
    await seat.sees(/in> $/);
    await seat.asks(
      'tty; stty size; tail -1 /proc/self/cgroup',
      /\/dev\/pts\/0\r\n24 80\r\n(0::\/exec-1|1:[\w,=]+:\/)\r\nin> $/,
    );
    seat.container.terminal?.resize({ columns: 70, rows: 20 });
    await seat.asks('until stty size | grep "^20 70"; do sleep 0.05; done', /\n20 70\r\nin> $/);
    await seat.asks('sleep 86401', /86401\r\n/);
    await until(() => findByArgument('86401').length === 1, 'it sleeps');
    seat.type(ctrl('z'));
    await seat.sees(/Stopped.*\r\nin> $/);
    seat.enter('exit 3; exit 3');
    expect((await seat.sees(LEFT)).slice(1)).toEqual(['as found', '3']);
  });

  it('ends with the container, and leaves the terminal as it was found', async () => {
    await lab.box('short');
    const seat = await sit(watched(corral(['exec', '-it', 'short', 'sh', '-c', 'echo ready; sleep 1000'])));
    await seat.sees(/ready\r\n/);
    await lab.corral(['kill', 'short']);
    expect((await seat.sees(LEFT)).slice(1)).toEqual(['as found', '137']);
  });

  it('-t shows what another command shows', async () => {
    await lab.box('shown');
    expect(await lab.corral(['exec', '-t', 'shown', 'tty'])).toMatchObject({ code: 0, stdout: '/dev/pts/0\r\n' });
  });
});
