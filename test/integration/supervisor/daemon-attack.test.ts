import { spawn } from 'node:child_process';
import { readFileSync, readlinkSync, readdirSync, writeFileSync, chmodSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ENDPOINTS, fillEndpoint } from '../../../src/supervisor/api/endpoints.js';
import { makeLab } from '../../helpers/lab.js';
import { TIME_SCALE } from '../../helpers/scale.js';
import { ask } from './confined-lab.js';
import { makeDaemonLab } from './daemon-lab.js';

const lab = makeLab();
// Of a host on which nobody has raised the limits.
const daemon = makeDaemonLab(lab, 4096);

const NOBODY = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'] as const;
const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Opens connections and misuses them: argv is the socket, and how many seconds. */
const FLOOD = `const net = require('node:net'); const [path, seconds] = process.argv.slice(1);
const open = (text) => { const socket = net.connect(path); socket.on('error', () => undefined).on('connect', () => socket.write(text)).pause(); return socket; };
for (let i = 0; i < 10; i++) open('GET /v1/containers/chatty/logs?follow HTTP/1.1\\r\\n\\r\\n');
for (let i = 0; i < 10; i++) open('GET /v1/events HTTP/1.1\\r\\n\\r\\n');
for (let i = 0; i < 10; i++) open('GET /openapi.json HTTP/1.1\\r\\n\\r\\n'.repeat(30));
for (let i = 0; i < 10; i++) open('POST /v1/containers HTTP/1.1\\r\\nContent-Length: 200000\\r\\n\\r\\n' + 'x'.repeat(199999));
setTimeout(() => { for (let i = 0; i < 1000; i++) open('GET /v1/containers HTTP/1.1\\r\\nX: '); }, 300);
setTimeout(() => process.exit(), Number(seconds) * 1000);`;

/** Asks as an owner does, for a while. @returns the longest time that an answer took, milliseconds */
async function askMeanwhile(ms: number): Promise<number> {
  let longest = 0;
  const endAt = Date.now() + ms;
  while (Date.now() < endAt) {
    await delay(50);
    const startedAt = Date.now();
    expect((await daemon.curl(['http://corral/v1/containers'])).status).toBe(200);
    longest = Math.max(longest, Date.now() - startedAt);
  }
  return longest;
}

describe('whoever floods the socket harms nobody else', () => {
  it('from inside a container: slow and endless requests, answers that nobody reads, a thousand connections', async () => {
    const web = await lab.spawn(['sleep', '1000'], { name: 'web', api: true });
    const other = await lab.spawn(['sleep', '1000'], { name: 'other', api: true });
    const made = await ask(
      lab,
      web,
      `code POST '' '{"name":"chatty","command":["sh","-c","head -c 20000000 /dev/zero | tr \\\\\\\\0 x; sleep 1000"]}'`,
    );
    expect(made).toBe('201');
    await delay(500);
    const [descriptors, memory] = [daemon.descriptors(), daemon.memoryBytes()];
    const flooding = ask(lab, web, `${process.execPath} -e ${quote(FLOOD)} "$CORRAL_API" 4`);
    const asking = askMeanwhile(3500);
    await delay(1500);
    expect(await ask(lab, other, `api GET ''`)).toBe('[]200');
    expect(daemon.descriptors()).toBeLessThan(1000);
    expect(daemon.memoryBytes() - memory).toBeLessThan(100 * 1024 * 1024);
    expect(await asking).toBeLessThan(5000 * TIME_SCALE);
    await flooding;
    // All of it is given back.
    await expect.poll(() => daemon.descriptors(), { timeout: 5000 * TIME_SCALE }).toBeLessThanOrEqual(descriptors + 2);
    expect(await ask(lab, web, `code POST /chatty/kill; code DELETE /chatty`)).toBe('200\n204');
    await Promise.all([web.kill(), other.kill()]);
  });

  it('another user of the host: it is told nothing, and does nothing', async () => {
    const web = await lab.spawn(['sleep', '1000'], { name: 'web', api: true });
    expect(await ask(lab, web, `code POST '' '{"name":"job","command":["sleep","1000"]}'`)).toBe('201');
    const [id = ''] = /web\.[0-9a-f]{16}\.job/.exec((await daemon.curl(['http://corral/v1/containers'])).body) ?? [];
    const answers = new Set<string>();
    for (const endpoint of Object.values(ENDPOINTS)) {
      const targets = endpoint.includes('{id}') ? [id, 'nobody'] : ['x'];
      for (const name of targets) {
        const { method, path } = fillEndpoint(endpoint, { id: name, session: '1' });
        const query = path.startsWith('/v1/cgroups') ? '?container=web' : '';
        const { body, status } = await daemon.curl(['-X', method, `http://corral${path}${query}`], NOBODY);
        expect(status, endpoint).toBe(403);
        answers.add(body);
      }
    }
    // The same to everything, whether or not it is there.
    expect(answers.size).toBe(1);
    expect([...answers][0]).toMatch(/"code":"EPERM"/);
    expect([...answers].join('')).not.toMatch(/web|job|corral-test/);
    const descriptors = daemon.descriptors();
    const flood = spawn(NOBODY[0], [...NOBODY.slice(1), process.execPath, '-e', FLOOD, daemon.socket, '3'], {
      stdio: 'ignore',
    });
    expect(await askMeanwhile(2500)).toBeLessThan(5000 * TIME_SCALE);
    expect(daemon.descriptors()).toBeLessThan(descriptors + 200);
    await new Promise((resolve) => flood.once('exit', resolve));
    await expect.poll(() => daemon.descriptors(), { timeout: 5000 * TIME_SCALE }).toBeLessThanOrEqual(descriptors + 2);
    expect((await daemon.curl([`http://corral/v1/containers/${id}`])).body).toContain('"status":"running"');
    expect(await ask(lab, web, `code DELETE '/job?force'`)).toBe('204');
    await web.kill();
  });

  it('it listens on its one socket, whatever signal Node makes something of', async () => {
    process.kill(daemon.pid(), 'SIGUSR1');
    await delay(300);
    expect((await daemon.curl(['http://corral/v1/ping'])).status).toBe(204);
    const fds = `/proc/${String(daemon.pid())}/fd`;
    const own = readdirSync(fds).map((fd) => {
      try {
        return readlinkSync(`${fds}/${fd}`);
      } catch {
        return '';
      }
    });
    const inodesOf = (kind: string): readonly string[] =>
      readFileSync(`/proc/net/${kind}`, 'utf8')
        .split('\n')
        .slice(1)
        .map((line) => `socket:[${line.trim().split(/\s+/)[9] ?? ''}]`);
    for (const kind of ['tcp', 'tcp6', 'udp', 'udp6'])
      expect(inodesOf(kind).filter((inode) => own.includes(inode))).toEqual([]);
    const unix = readFileSync('/proc/net/unix', 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/));
    // The flag of a socket that listens, __SO_ACCEPTCON.
    const listening = unix.filter(
      ([, , , flags, , , inode]) => flags === '00010000' && own.includes(`socket:[${inode ?? ''}]`),
    );
    expect(listening).toHaveLength(1);
  });
});

/** For callers that hand on their connection, become something else, or end: argv[1] says what. */
const CLIENT = `import os, socket, sys, time
API = os.environ['CORRAL_API']
def connect():
    s = socket.socket(socket.AF_UNIX); s.connect(API); return s
def request(method, path, body=''):
    return f'{method} {path} HTTP/1.1\\r\\nContent-Length: {len(body)}\\r\\n\\r\\n{body}'.encode()
def make(name): return request('POST', '/v1/cgroups', '{"path":"%s"}' % name)
def status(s, data):
    s.sendall(data); return s.recv(65536).decode()
def wait(path):
    for _ in range(600):
        if os.path.exists(path): return
        time.sleep(0.05)
def note(path): open(path, 'w').close()
what = sys.argv[1]
if what == 'give':
    s = connect(); p = socket.socket(socket.AF_UNIX); wait('/t/pass.sock'); p.connect('/t/pass.sock')
    socket.send_fds(p, [b'x'], [s.fileno()]); wait('/t/done')
elif what == 'take':
    l = socket.socket(socket.AF_UNIX); l.bind('/t/pass.tmp'); l.listen(1); os.rename('/t/pass.tmp', '/t/pass.sock')
    c, _ = l.accept(); _, fds, _, _ = socket.recv_fds(c, 1, 1); s = socket.socket(fileno=fds[0])
    print(status(s, make('handed')).split()[1]); note('/t/done'); c.recv(1); time.sleep(0.2)
    print(status(s, make('late')).split('"code":"')[1][:5])
elif what == 'exec':
    s = connect(); os.set_inheritable(s.fileno(), True); os.dup2(s.fileno(), 9)
    os.execv(sys.argv[2], ['sh', '-p', '-c', '''printf '%s' "$0" >&9; head -n 1 <&9''', make(sys.argv[3]).decode()])
elif what == 'die':
    s = connect()
    if os.fork() > 0: os._exit(0)
    time.sleep(0.2); print(status(s, make('orphan')).split('"code":"')[1][:5])
`;

describe('a connection', () => {
  it('is that of the process that has made it, whoever has it, and whatever that becomes', async () => {
    const directory = lab.directory();
    chmodSync(directory, 0o777);
    writeFileSync(`${directory}/client.py`, CLIENT);
    const volumes = [`${directory}:/t`];
    const one = await lab.spawn(['sleep', '1000'], { name: 'one', api: true, nest: true, volumes });
    const other = await lab.spawn(['sleep', '1000'], { name: 'other', api: true, volumes });
    const paths = (container: typeof one): Promise<string> =>
      ask(
        lab,
        container,
        `curl -s --unix-socket "$CORRAL_API" http://corral/v1/cgroups | grep -o '"path":"[a-z]*"' | tr '\\n' ' '`,
      );
    const giving = ask(lab, one, '/usr/bin/python3 /t/client.py give');
    expect(await ask(lab, other, '/usr/bin/python3 /t/client.py take')).toBe('204\nESRCH');
    await giving;
    // It was done in the name, and in the place, of the one that had connected; after its end, not at all.
    expect(await paths(one)).toBe('"path":"handed"');
    expect(await paths(other)).toBe('');
    expect(await ask(lab, one, '/usr/bin/python3 /t/client.py exec /bin/sh execd')).toContain(' 204 ');
    expect(
      await ask(
        lab,
        one,
        `cp /bin/sh /usr/local/bin/raised && chmod 4755 /usr/local/bin/raised && ${NOBODY.join(' ').replaceAll('65534', '1000')} /usr/local/bin/raised -p -c 'id -u'
        ${NOBODY.join(' ').replaceAll('65534', '1000')} /usr/bin/python3 /t/client.py exec /usr/local/bin/raised raised`,
      ),
    ).toMatch(/^0\nHTTP\/1.1 403 /);
    expect(await ask(lab, one, '/usr/bin/python3 /t/client.py die; sleep 0.6')).toBe('ESRCH');
    expect(await paths(one)).toBe('"path":"execd" "path":"handed"');
    await Promise.all([one.kill(), other.kill()]);
  });
});

describe('a supervisor that is killed in the middle of a request from inside', () => {
  it(
    'ends it, and what was to be changed is changed once or not at all',
    async () => {
      const directory = lab.directory();
      chmodSync(directory, 0o777);
      const web = await lab.spawn(['sleep', '1000'], { name: 'web', api: true, volumes: [`${directory}:/t`] });
      const say = (script: string): Promise<string> => ask(lab, web, script);
      const count = (name: string): number => {
        try {
          return readFileSync(`${directory}/${name}`, 'utf8').split('\n').length - 1;
        } catch {
          return 0;
        }
      };
      expect(
        await say(
          `code POST '' '{"name":"long","command":["sh","-c","echo first; sleep 1000"]}'; until_log long first`,
        ),
      ).toBe('201\nfirst');
      const follow = (name: string, path: string, more: string): Promise<string> =>
        say(
          `curl -sN --unix-socket "$CORRAL_API" ${more} http://corral/v1/containers/long${path} > /t/${name}; echo "ended $?"`,
        );
      const streams = [
        follow('logs', '/logs?follow', '-H "accept: text/plain"'),
        follow('exec', '/exec', `--json '{"command":["sleep","1000"]}'`),
      ];
      await expect.poll(() => [count('logs'), count('exec')], { timeout: 5000 * TIME_SCALE }).toEqual([1, 1]);
      await daemon.end();
      // A part of the answer is missing.
      expect(await Promise.all(streams)).toEqual(['ended 18', 'ended 18']);
      await daemon.begin();
      for (let round = 0; round < 6; round++) {
        const name = `job${String(round)}`;
        const create = `code POST '' '{"name":"${name}","command":["sh","-c","echo x >> /t/${name}; sleep 1000"]}'`;
        const asked = say(create);
        await delay(30 + 25 * round);
        await daemon.end();
        const said = await asked;
        await daemon.begin();
        const found = await say(`code GET /${name}`);
        if (said === '201') expect(found).toBe('200');
        expect(await say(create)).toBe(found === '200' ? '"code":"ERR_ALREADY_EXISTS"' : '201');
        const info = await say(`api GET /${name}`);
        // Who had asked for it has ended with its connection; with that its start, unless it had come through.
        if (!info.includes('"status":"running"')) {
          expect(info).toMatch(/"status":"exited".*whoever asked for it has ended/);
          expect(count(name)).toBe(0);
          expect(await say(`code POST /${name}/start`)).toBe('200');
        }
        await expect.poll(() => count(name), { timeout: 5000 * TIME_SCALE }).toBe(1);
        expect(await say(`code DELETE '/${name}?force'`)).toBe('204');
        expect(count(name)).toBe(1);
      }
      expect(await say(`code DELETE '/long?force'`)).toBe('204');
      await web.kill();
    },
    120_000 * TIME_SCALE,
  );
});
