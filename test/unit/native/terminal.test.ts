import { closeSync, fstatSync, readlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { isatty } from 'node:tty';
import { describe, expect, test } from 'vitest';
import { addon } from '../../../src/native/addon.js';
import { untilReady } from '../../../src/native/fd-watch.js';
import type { Outcome } from '../../../src/native/launch.js';
import type { Step, StepOf } from '../../../src/plan/steps.js';
import { CLONE, MS_PRIVATE } from '../../../src/util/linux.js';
import { itWhen } from '../../helpers/when.js';
import { shell, start } from './launch-helper.js';

const { ENODEV, EXDEV } = constants.errno;

const OPEN: StepOf<'open-terminal'> = {
  op: 'open-terminal',
  master: undefined,
  root: undefined,
  columns: 100,
  rows: 30,
  uid: process.getuid?.() ?? 0,
  console: '',
  terminal: 'terminal',
};
const STREAMS: Step = { op: 'set-standard-streams', stdin: 'terminal', stdout: 'terminal', stderr: 'terminal' };
const SESSION: Step = { op: 'new-session' };

/** A tmpfs with a devpts of its own in it, open as the slot `root`. */
const OWN: readonly Step[] = [
  { op: 'set-propagation', path: '/', propagation: MS_PRIVATE },
  {
    op: 'mount',
    type: 'tmpfs',
    source: 'x',
    options: ['mode=0755'],
    root: undefined,
    target: '/mnt',
    attributes: 0,
    create: 0,
  },
  { op: 'open-directory', root: undefined, path: '/mnt', directory: 'root' },
];
const DEVPTS: Step = {
  op: 'mount',
  type: 'devpts',
  source: 'devpts',
  options: ['newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
  root: 'root',
  target: '/dev/pts',
  attributes: 0,
  create: 1,
};

/** Runs steps and a script on the terminal that they open; returns what that showed, and its master's descriptor. */
async function onTerminal(steps: readonly Step[], script: string, flags = 0): Promise<string> {
  const started = await start([SESSION, ...steps, STREAMS, shell(script)], { flags });
  if (started.outcome.kind !== 'terminal') throw new Error(JSON.stringify(started.outcome));
  const { fd } = started.outcome;
  addon.setNonblocking({ fd });
  let shown = '';
  const bytes = Buffer.alloc(4096);
  for (;;) {
    const length = addon.readTerminal({ fd, bytes });
    if (length === null) break;
    shown += bytes.toString('utf8', 0, length);
    if (length === 0) await untilReady(fd, 'readable');
  }
  closeSync(fd);
  await started.finish();
  return shown;
}

async function outcomeOf(steps: readonly Step[], flags: number): Promise<Outcome> {
  return (await (await start([SESSION, ...steps, shell('true')], { flags })).finish()).outcome;
}

describe('open-terminal', () => {
  test('gives the process a terminal that controls its session, and the parent the other end', async () => {
    const script =
      'test -t 0 && test -t 1 && test -t 2 && stty size; cut -d" " -f 5,6,8 /proc/$$/stat | tr " " "\\n" | uniq | wc -l';
    expect(await onTerminal([OPEN], script)).toBe('30 100\r\n1\r\n');
  });

  test('leaves no descriptor of it open but the three', async () => {
    const steps: Step[] = [OPEN, { op: 'close-descriptors', first: 3 }];
    expect(await onTerminal(steps, 'ls -l /proc/$$/fd | grep -c /dev/pt')).toBe('3\r\n');
  });

  itWhen(process.getuid?.() === 0, 'needs root')(
    'opens the root’s own terminals, of the user who is to have it',
    async () => {
      const steps = [...OWN, DEVPTS, { ...OPEN, root: 'root', uid: 1, console: '/dev/console' }];
      const script =
        'ls /mnt/dev/pts | tr "\\n" " "; stat -c "%u:%g %a" /mnt/dev/pts/0; stat -c "%t:%T" /mnt/dev/console';
      expect(await onTerminal(steps, script, CLONE.CLONE_NEWNS)).toBe('0 ptmx 1:5 620\r\n88:0\r\n');
    },
  );

  itWhen(process.getuid?.() === 0, 'needs root')('wants a devpts, and follows nothing out of it', async () => {
    const open = { ...OPEN, root: 'root' };
    const directory: Step = { op: 'make-directory', root: 'root', path: '/dev/pts', mode: 0o755 };
    const plain = [...OWN, directory, open];
    expect(await outcomeOf(plain, CLONE.CLONE_NEWNS)).toEqual({ kind: 'failed', step: plain.length, errno: ENODEV });
    const covered = [
      ...OWN,
      DEVPTS,
      { op: 'open-tree', path: '/dev/null', flags: 0, tree: 'null' } as const,
      {
        op: 'attach-mount',
        tree: 'null',
        root: 'root',
        target: '/dev/pts/ptmx',
        attributes: 0,
        recursive: 0,
        create: 0,
      } as const,
      open,
    ];
    expect(await outcomeOf(covered, CLONE.CLONE_NEWNS)).toEqual({ kind: 'failed', step: covered.length, errno: EXDEV });
  });
});

describe('the addon', () => {
  test('opens the other end of a master, sets and reads sizes and modes, and types', async () => {
    // A shell that still read could find the other end closed before it is told so by the signal.
    const script = 'read line; echo "($line)"; exec sleep 1000';
    const started = await start([SESSION, OPEN, STREAMS, shell(script)], {});
    if (started.outcome.kind !== 'terminal') throw new Error(JSON.stringify(started.outcome));
    const { fd } = started.outcome;
    const peer = addon.openTerminalPeer({ fd });
    expect([isatty(peer), readlinkSync(`/proc/self/fd/${String(peer)}`)]).toEqual([
      true,
      expect.stringMatching(/^\/dev\/pts\/\d+$/),
    ]);
    addon.setWindowSize({ fd, columns: 40, rows: 10 });
    expect(addon.getWindowSize({ fd: peer })).toEqual({ columns: 40, rows: 10 });
    const mode = addon.getTerminalMode({ fd: peer });
    addon.setTerminalMode({ fd: peer, mode, raw: true });
    expect(addon.getTerminalMode({ fd: peer })).not.toEqual(mode);
    addon.setTerminalMode({ fd: peer, mode, raw: false });
    expect(addon.getTerminalMode({ fd: peer })).toEqual(mode);
    // Not the terminal of this process: it has no background to be in.
    expect(addon.isInForeground({ fd: peer })).toBe(true);
    const writer = addon.duplicateFd({ fd });
    expect(fstatSync(writer).rdev).toBe(fstatSync(fd).rdev);
    addon.setNonblocking({ fd });
    await untilReady(writer, 'writable');
    expect(addon.writeTerminal({ fd: writer, bytes: Buffer.from('word\n') })).toBe(5);
    await untilReady(fd, 'readable');
    for (const each of [peer, writer, fd]) closeSync(each);
    expect((await started.finish()).result).toMatchObject({ signal: constants.signals.SIGHUP });
  });

  test('is told what is no terminal', () => {
    const [read, write] = addon.pipe();
    expect(() => addon.getWindowSize({ fd: read })).toThrow(/ioctl/);
    expect(() => addon.getTerminalMode({ fd: read })).toThrow(/tcgetattr/);
    expect(() => {
      addon.setTerminalMode({ fd: read, mode: new Uint8Array(3), raw: true });
    }).toThrow(/tcsetattr/);
    expect(() => addon.openTerminalPeer({ fd: read })).toThrow(/ioctl/);
    for (const fd of [read, write]) closeSync(fd);
  });
});
