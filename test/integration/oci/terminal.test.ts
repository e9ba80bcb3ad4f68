import { closeSync, mkdirSync, readFileSync, readlinkSync, symlinkSync } from 'node:fs';
import { ReadStream, isatty } from 'node:tty';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { FdReceiver } from '../../helpers/fd-receiver.js';
import { until } from '../../helpers/lab.js';
import { makeOci } from '../../helpers/oci.js';
import { requires } from '../../helpers/requires.js';

const oci = makeOci();

beforeEach((context) => {
  requires(context, { root: true, cgroup2: true });
});

/** Somebody who has got a terminal's master, and closes it in the end: that hangs up on all who are at it. */
class Holder implements Disposable {
  readonly #stream: ReadStream;
  #shown = '';

  constructor(master: number | undefined) {
    this.#stream = new ReadStream(master ?? -1);
    this.#stream.setEncoding('utf8').on('data', (text: string) => (this.#shown += text));
    // The last of those who hold the other end is gone.
    this.#stream.on('error', () => undefined);
  }

  /** Waits until a pattern has been shown. @returns all that was */
  async shows(pattern: RegExp): Promise<string> {
    await until(() => pattern.test(this.#shown), `${String(pattern)} on the terminal`);
    return this.#shown;
  }

  [Symbol.dispose](): void {
    this.#stream.destroy();
  }
}

const TERMINAL = { terminal: true, consoleSize: { height: 31, width: 117 } };
const SCRIPT =
  'tty; stty size; test -t 0 && test -t 2 && stat -c %t /dev/console; ps -o tty= -p $$; echo done; sleep 1000';

describe('--console-socket', () => {
  it('gets the master of the terminal, which has the size that was asked for', async () => {
    await using receiver = await FdReceiver.listen(oci.lab.directory());
    const { id, directory } = oci.bundle({ script: SCRIPT, process: TERMINAL });
    const [received, called] = await Promise.all([
      receiver.receive(),
      oci.begin({}, 'create', '--bundle', directory, '--console-socket', receiver.path, id).ended,
    ]);
    expect(called).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(received.fds).toHaveLength(1);
    const [master = -1] = received.fds;
    expect(isatty(master)).toBe(true);
    expect(readlinkSync(`/proc/self/fd/${String(master)}`)).toMatch(/ptmx$/);
    oci.ok('start', id);
    using holder = new Holder(master);
    expect(await holder.shows(/done/)).toBe('/dev/pts/0\r\n31 117\r\n88\r\npts/0\r\ndone\r\n');
    oci.ok('kill', id, 'KILL');
  });

  it('belongs to run --detach and to exec --detach, too', async () => {
    await using receiver = await FdReceiver.listen(oci.lab.directory());
    const { id, directory } = oci.bundle({ script: 'tty; sleep 1000', process: { terminal: true } });
    const socket = ['--console-socket', receiver.path];
    const running = oci.begin({}, 'run', '--detach', '--bundle', directory, ...socket, id);
    const { fds } = await receiver.receive();
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
    using first = new Holder(fds[0]);
    await first.shows(/\/dev\/pts\/0\r\n/);
    const exec = oci.begin({}, 'exec', '--detach', '--tty', ...socket, id, 'sh', '-c', 'tty; echo also; sleep 1000');
    const second = await receiver.receive();
    expect(await exec.ended).toMatchObject({ code: 0, stderr: '' });
    using other = new Holder(second.fds[0]);
    expect(await other.shows(/also\r\n/)).toBe('/dev/pts/1\r\nalso\r\n');
  });

  it('at a path longer than an address may be', async () => {
    const name = 'x'.repeat(100);
    const directory = oci.lab.directory();
    // The listener itself has to fit.
    await using receiver = await FdReceiver.listen(directory, 's');
    const deep = join(directory, name);
    mkdirSync(deep);
    symlinkSync('../s', join(deep, 's'));
    const bundle = oci.bundle({ process: { terminal: true } });
    const running = oci.begin(
      {},
      'create',
      '--bundle',
      bundle.directory,
      '--console-socket',
      join(deep, 's'),
      bundle.id,
    );
    const { fds } = await receiver.receive();
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
    expect(fds.map((fd) => isatty(fd))).toEqual([true]);
    fds.forEach(closeSync);
  });

  it('where nobody listens, is an error that leaves nothing', () => {
    const { id, directory } = oci.bundle({ process: { terminal: true } });
    const nobody = join(oci.lab.directory(), 'nobody');
    oci.refuses(['create', '--bundle', directory, '--console-socket', nobody, id], /connect to .*nobody: ENOENT/);
    oci.refuses(['state', id], 'container does not exist');
  });

  it.for([
    ['create', true, false, 'cannot allocate tty if runc will detach without setting console socket'],
    ['run --detach', true, false, 'cannot allocate tty if runc will detach without setting console socket'],
    ['create', false, true, 'cannot use console socket if runc will not detach or allocate tty'],
    ['run', true, true, 'cannot use console socket if runc will not detach or allocate tty'],
  ] as const)('%s with a terminal: %s, and a socket: %s', ([words, terminal, socket, refusal]) => {
    const { id, directory } = oci.bundle({ process: { terminal } });
    const flags = socket ? ['--console-socket', '/nowhere'] : [];
    oci.refuses([...words.split(' '), '--bundle', directory, ...flags, id], refusal);
    oci.refuses(['state', id], 'container does not exist');
  });
});

describe('a terminal without a socket', () => {
  it('is relayed by run, whatever the caller’s streams are', () => {
    const { id, directory } = oci.bundle({ script: 'tty; exit 5', process: { terminal: true } });
    const called = oci.call('run', '--bundle', directory, id);
    expect(called).toMatchObject({ code: 5, stdout: '/dev/pts/0\r\n' });
  });

  it('is relayed by exec', () => {
    const { id } = oci.start({ script: 'exec sleep 1000' });
    expect(oci.call('exec', '--tty', id, 'sh', '-c', 'tty; exit 6')).toMatchObject({
      code: 6,
      stdout: '/dev/pts/0\r\n',
    });
  });
});

describe('--pidfd-socket', () => {
  it.for(['create', 'exec'])('of %s gets a pidfd of the process, with its id', async (verb) => {
    await using receiver = await FdReceiver.listen(oci.lab.directory());
    const made = verb === 'create' ? oci.bundle() : oci.start({ script: 'exec sleep 1000' });
    const words = verb === 'create' ? ['--bundle', made.directory, made.id] : ['--detach', made.id, 'sleep', '1000'];
    const running = oci.begin({}, verb, '--pidfd-socket', receiver.path, ...words);
    const { fds, text } = await receiver.receive();
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
    const [pidfd = -1] = fds;
    expect(/^Pid:\t(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${String(pidfd)}`, 'utf8'))?.[1]).toBe(text);
    if (verb === 'create') expect(text).toBe(String(oci.pid(made.id)));
    else expect(JSON.parse(oci.ok('ps', '--format', 'json', made.id))).toContain(Number(text));
    closeSync(pidfd);
  });
});
