import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import type { SpawnOptions } from '../../../src/container/spawn.js';
import type { Terminal } from '../../../src/container/terminal.js';
import { makeLab, until } from '../../helpers/lab.js';
import { type Attended, attend } from '../../helpers/pty.js';
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

const digest = (bytes: Uint8Array): string => createHash('sha1').update(bytes).digest('hex');

describe('what it shows', () => {
  it('comes through whole: 50 MB, byte by byte', async () => {
    const bytes = randomBytes(50_000_000);
    const directory = lab.directory();
    writeFileSync(`${directory}/bytes`, bytes);
    const { terminal } = await lab.spawn(sh('stty raw; exec cat /data/bytes'), {
      terminal: true,
      volumes: [`${directory}:/data:ro`],
    });
    expect(digest(await readFlowing(terminal!))).toBe(digest(bytes));
  });

  it('waits for a slow reader, and is not kept in memory', async () => {
    const { container, terminal } = await onTerminal(sh('stty raw; head -c 3000000 /dev/zero; echo'), {});
    terminal.pause();
    await until(() => terminal.readableLength >= terminal.readableHighWaterMark, 'the buffer is full');
    expect(terminal.readableLength).toBeLessThan(4 * terminal.readableHighWaterMark);
    expect(lab.containers.get(container.id).status).toBe('running');
    terminal.resume();
    expect(await container.exited).toMatchObject({ exitCode: 0 });
  });

  it('is not lost when the end comes right behind it, however late it is read', async () => {
    for (let round = 0; round < 20; round++) {
      const container = await lab.spawn(sh('stty raw; head -c 5000 /dev/zero; printf end'), { terminal: true });
      if (round % 2 === 0) await container.exited;
      const shown = await read(container.terminal!);
      expect([shown.length, shown.subarray(-3).toString()]).toEqual([5003, 'end']);
    }
  });

  it('ends with the process, not with the last one that has it open', async () => {
    const script = 'exec 3<&0 4>&1 5>&2 </dev/null >/dev/null 2>&1 3<&- 4>&- 5>&-; sleep 0.2; echo again > /dev/tty';
    expect((await lab.run(sh(script), { terminal: true })).stdout).toBe('again\r\n');
  });

  it('goes on after a hang-up from inside, as login programs do one', async (context) => {
    requires(context, { root: true, programs: ['perl'] });
    // The raw call: perl has no function for it.
    const number = process.arch === 'arm64' ? 58 : 153;
    const script = `trap "" HUP; tty=$(tty); perl -e 'syscall(${String(number)}) == 0 or exit 9' || exit 9; sleep 0.1; echo back > $tty; sleep 0.1`;
    const { stdout, exitCode } = await lab.run(sh(script), {
      terminal: true,
      isolation: 'cgroup',
    });
    expect({ stdout, exitCode }).toEqual({ stdout: 'back\r\n', exitCode: 0 });
  });

  it('is the output of run()', async () => {
    expect(await lab.run(sh('echo out; echo err >&2; exit 3'), { terminal: true })).toMatchObject({
      stdout: 'out\r\nerr\r\n',
      stderr: '',
      exitCode: 3,
    });
  });
});

/** Like {@link read}, without keeping it all in the iterator. */
async function readFlowing(terminal: Terminal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  terminal.on('data', (chunk: Buffer) => chunks.push(chunk));
  await finished(terminal);
  return Buffer.concat(chunks);
}

describe('what is typed', () => {
  it('comes in whole: 5 MB, into a program that reads at its leisure', async () => {
    const bytes = randomBytes(5_000_000);
    const { container, terminal, typist } = await onTerminal(
      sh('stty raw -echo; echo ready; sleep 0.3; head -c 5000000 | sha1sum'),
    );
    await typist.sees(/ready/);
    terminal.write(bytes);
    await typist.sees(new RegExp(digest(bytes)));
    expect(await container.exited).toMatchObject({ exitCode: 0 });
  });

  it('ends with Ctrl-D', async () => {
    const { container, terminal, typist } = await onTerminal(['cat']);
    terminal.end('line\n');
    expect(await container.exited).toMatchObject({ exitCode: 0 });
    expect(typist.shown).toBe('line\r\nline\r\n');
  });

  it('is dropped after the end, and before it when nobody reads it', async () => {
    const { container, terminal } = await onTerminal(sh('stty raw -echo; echo; exec sleep 1000'));
    await new Promise((resolve) => terminal.once('data', resolve));
    const written = new Promise((resolve) => terminal.write(Buffer.alloc(1_000_000), resolve));
    await container.kill();
    await written;
    terminal.write('too late');
    await finished(terminal);
    terminal.write('later');
    expect(terminal.destroyed).toBe(true);
  });

  it('cannot be given to run(), and streams to nobody', async () => {
    await expect(lab.run(['cat'], { terminal: true, input: 'x' })).rejects.toMatchObject({ option: 'input' });
    for (const name of ['stdin', 'stdout', 'stderr'] as const) {
      await expect(lab.spawn(['true'], { terminal: true, [name]: 'pipe' })).rejects.toMatchObject({
        code: 'ERR_OPTION',
        message: `${name}: "pipe" is not possible with terminal`,
      });
    }
  });
});
