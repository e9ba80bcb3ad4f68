import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { OptionError } from '../../../../src/errors/option-error.js';
import { NotFoundError } from '../../../../src/errors/state-errors.js';
import { connect } from '../../../../src/supervisor/connect.js';
import type { SupervisedOptions } from '../../../../src/supervisor/types.js';
import { serveFake } from '../../../helpers/api-server.js';

const run = promisify(execFile);

const WEB: SupervisedOptions = {
  command: ['sleep', '100'],
  container: { name: 'web' },
  supervision: { restart: { name: 'no' }, log: { driver: 'raw' } },
};

async function running() {
  const served = await serveFake();
  const client = await connect({ socket: served.socket });
  await client.create(WEB);
  return {
    ...served,
    client,
    async [Symbol.asyncDispose]() {
      client.close();
      await served[Symbol.asyncDispose]();
    },
  };
}

async function text(stream: AsyncIterable<unknown> | null): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream ?? []) chunks.push(Buffer.from(chunk as string));
  return Buffer.concat(chunks).toString();
}

describe('exec over the socket', () => {
  it('has the streams, the exit and the notes', async () => {
    await using it = await running();
    const exec = await it.client.exec('web', ['sh', '-c', 'echo out; echo err >&2; exit 3'], {
      env: { A: 'b' },
      cwd: '/',
    });
    expect(exec.notes).toEqual(['an exec']);
    expect(exec.stdin).toBeNull();
    const [out, err, exited] = await Promise.all([text(exec.stdout), text(exec.stderr), exec.exited]);
    expect({ out, err, exited }).toMatchObject({ out: 'out\n', err: 'err\n', exited: { exitCode: 3, signal: null } });
    const [, , , options] = it.fake.calls.at(-1) ?? [];
    expect(options).toEqual({ env: { A: 'b' }, cwd: '/' });
  });

  it('is an error where it cannot be', async () => {
    await using it = await running();
    await expect(it.client.exec('nobody', ['true'])).rejects.toBeInstanceOf(NotFoundError);
    const nothing = it.client.exec('web', []);
    await expect(nothing).rejects.toBeInstanceOf(OptionError);
    await expect(nothing).rejects.toThrow('command: [] is not a program and its arguments');
    await expect(it.client.exec('web', ['true'], { stdout: 'inherit' })).rejects.toThrow(
      'stdout: "inherit" is not pipe',
    );
  });

  it('goes both ways at once, byte for byte, each at the pace of the slower', async () => {
    await using it = await running();
    const exec = await it.client.exec('web', ['cat'], { stdin: 'pipe' });
    const sent = Buffer.alloc(8 * 1024 * 1024);
    for (let index = 0; index < sent.length; index++) sent[index] = (index * 7) % 251;
    let written = false;
    exec.stdin?.write(sent, () => (written = true));
    // Nobody reads: what is under way is bounded, and the writer waits.
    await delay(300);
    expect(written).toBe(false);
    exec.stdin?.end();
    const chunks: Buffer[] = [];
    for await (const chunk of exec.stdout ?? []) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).equals(sent)).toBe(true);
    expect(await exec.exited).toMatchObject({ exitCode: 0 });
  });

  it('answers while its input is still open', async () => {
    await using it = await running();
    const exec = await it.client.exec('web', ['cat'], { stdin: 'pipe' });
    for (const word of ['one', 'two']) {
      exec.stdin?.write(word);
      const [chunk] = (await once(exec.stdout!, 'data')) as [Buffer];
      expect(chunk.toString()).toBe(word);
    }
    await exec.kill();
    expect(await exec.exited).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
  });

  it('ends by itself although its input is open', async () => {
    await using it = await running();
    const exec = await it.client.exec('web', ['true'], { stdin: 'pipe' });
    exec.stdout?.resume();
    expect(await exec.exited).toMatchObject({ exitCode: 0 });
  });

  it('is signalled, killed, and ended by its signal', async () => {
    await using it = await running();
    const signalled = await it.client.exec('web', ['sleep', '100']);
    expect(await signalled.signal('SIGUSR1')).toBe(true);
    expect(await signalled.exited).toMatchObject({ signal: 'SIGUSR1' });
    expect(await signalled.signal('SIGUSR1')).toBe(false);
    await signalled.kill();
    const over = new AbortController();
    const aborted = await it.client.exec('web', ['sleep', '100'], { signal: over.signal });
    over.abort();
    expect(await aborted.exited).toMatchObject({ signal: 'SIGTERM', aborted: true });
  });

  it('dies with the connection, even where nobody reads what was sent', async () => {
    await using it = await running();
    const path = '/v1/containers/web/exec?command=sleep&command=100';
    const raw = request({ socketPath: it.socket, method: 'POST', path, agent: false });
    raw.on('error', () => undefined);
    // More than the pipe of the command and all buffers on the way hold.
    raw.write(Buffer.alloc(4 * 1024 * 1024));
    await once(raw, 'response');
    await delay(100);
    const [child] = it.fake.execs;
    expect(child?.signalCode).toBeNull();
    raw.destroy();
    await expect.poll(() => child?.signalCode).toBe('SIGKILL');
    await expect.poll(() => it.server.requests).toBe(0);
  });

  it('says that the supervisor has gone', async () => {
    await using it = await running();
    const exec = await it.client.exec('web', ['sleep', '100']);
    await it.server.close();
    await expect(exec.exited).rejects.toMatchObject({ code: 'ERR_CONNECTION' });
    await expect.poll(() => it.fake.execs[0]?.signalCode).toBe('SIGKILL');
  });
});

describe('attach over the socket', () => {
  it('types, shows and resizes; and closing it changes nothing', async () => {
    await using it = await running();
    const { attached, sizes } = it.fake;
    const attachment = await it.client.attach('web');
    expect(attachment.terminal).toBe(true);
    attachment.stdin?.write('ls\n');
    const [typed] = (await once(attached.typed, 'data')) as [Buffer];
    expect(typed.toString()).toBe('ls\n');
    attached.shown.write('a\xff');
    const output = attachment.output[Symbol.asyncIterator]();
    const { value } = (await output.next()) as { value: { data: Uint8Array } };
    expect(Buffer.from(value.data).toString()).toBe('a\xff');
    attachment.resize({ columns: 100, rows: 30 });
    await expect.poll(() => sizes).toEqual([{ columns: 100, rows: 30 }]);
    attachment[Symbol.dispose]();
    await expect.poll(() => attached.disposed).toBeGreaterThan(0);
    expect(attached.typed.writableEnded).toBe(false);
    expect(await output.next()).toMatchObject({ done: true });
  });

  it('ends with the container', async () => {
    await using it = await running();
    const attachment = await it.client.attach('web');
    it.fake.attached.shown.end('bye');
    const shown: string[] = [];
    for await (const { data } of attachment.output) shown.push(Buffer.from(data).toString());
    expect(shown).toEqual(['bye']);
  });
});

describe('the socket, with curl', () => {
  const curl = async (socket: string, path: string, ...args: string[]) =>
    run('curl', ['-sS', '--max-time', '10', '--unix-socket', socket, `http://corral${path}`, ...args]);

  it('runs a command, whose input is the body', async () => {
    await using it = await running();
    const child = execFile('sh', [
      '-c',
      `(echo one; sleep 0.2; echo two) | curl -sSN --max-time 10 --unix-socket "$1" -T - -X POST "http://corral/v1/containers/web/exec?command=cat"`,
      'sh',
      it.socket,
    ]);
    const lines = (await text(child.stdout))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(lines).toMatchObject([
      { exec: { pid: it.fake.execs[0]?.pid } },
      { stdout: 'one\n' },
      { stdout: 'two\n' },
      { exit: { exitCode: 0 } },
    ]);
  });

  it('gives the output as it is', async () => {
    await using it = await running();
    const { stdout } = await curl(
      it.socket,
      '/v1/containers/web/exec',
      '-H',
      'Accept: application/octet-stream',
      '--json',
      '{"command":["printf","a\\\\377"]}',
      '--include',
    );
    expect(stdout).toContain('Content-Type: application/octet-stream'.toLowerCase());
    expect(stdout).toContain('Corral-Exit: {"exitCode":0');
  });
});
