import { describe, expect, it } from 'vitest';
import { readIdentity } from '../../../src/container/identity.js';
import { Store } from '../../../src/container/store.js';
import { openEntry } from '../../../src/supervisor/confined/entry.js';
import type { SupervisedOptions } from '../../../src/supervisor/types.js';
import { makeLab } from '../../helpers/lab.js';
import { TIME_SCALE } from '../../helpers/scale.js';
import { requiresNesting } from '../nest/nest-lab.js';
import { makeConfinedLab } from './confined-lab.js';

const lab = makeLab();
const confined = makeConfinedLab(lab);
const { ask, outer } = confined;

const SLEEP = '"command":["sleep","1000"]';
const AS_USER = 'setpriv --reuid 1000 --regid 1000 --clear-groups';

/** Says of itself what rights it has. */
const RIGHTS = '"command":["grep","-E","^(Cap|NoNew|Seccomp)","/proc/self/status"]';
const rights = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries([...text.matchAll(/^(\w+):\s*(\w+)$/gm)].map(([, name = '', value = '']) => [name, value]));

describe('a caller in a container', () => {
  it('neither sees nor names what others have started', async () => {
    const one = await outer('one');
    const other = await outer('other');
    await confined.supervisor.create({
      command: ['sleep', '1000'],
      container: { name: 'secret', cgroupParent: lab.cgroupParent },
      supervision: { restart: { name: 'no' }, log: { driver: 'none' } },
    });
    expect(await ask(other, `code POST '' '{"name":"job",${SLEEP}}'`)).toBe('201');
    const id = (await confined.supervisor.list()).map((info) => info.id).find((name) => name.endsWith('.job')) ?? '';
    for (const name of ['secret', 'other', id, 'job', '..%2fsecret'])
      for (const [method, verb] of [
        ['GET', ''],
        ['GET', '/inspect'],
        ['GET', '/logs'],
        ['POST', '/kill'],
        ['POST', '/start'],
        ['DELETE', '?force'],
      ])
        expect(await ask(one, `code ${method} '/${name}${verb}'`)).toMatch(/"ERR_(NOT_FOUND|OPTION)"/);
    expect(await ask(one, `api GET ''`)).toBe('[]200');
    // A name of its own is its own, whoever else has one of that name.
    expect(
      await ask(
        one,
        `code POST '' '{"name":"job",${SLEEP}}'; code POST '' '{"name":"job",${SLEEP}}'; code POST '' '{"name":"secret",${SLEEP}}'`,
      ),
    ).toBe('201\n"code":"ERR_ALREADY_EXISTS"\n201');
    const said = await ask(one, `api POST '' '{"name":"job",${SLEEP}}'; api GET /job/inspect`);
    expect(said).not.toMatch(/one\.[0-9a-f]{16}/);
    expect(said).not.toContain('/sys/fs/cgroup');
    expect(said).not.toContain(lab.stateDir);
    expect(await ask(one, `code POST /job/kill`)).toBe('200');
    expect(await ask(other, `api GET /job`)).toContain('"status":"running"');
  });

  it('cannot ask for what is the host’s', async () => {
    const web = await outer('web');
    const asked: Readonly<Record<string, unknown>> = {
      rootfs: '/',
      readOnly: true,
      volumes: ['/:/host'],
      tmpfs: ['/x'],
      expose: ['/root'],
      net: 'host',
      userns: 'host',
      pid: 'host',
      ipc: 'host',
      uts: 'host',
      cgroupns: 'host',
      hostname: 'x',
      sysctl: { 'net.ipv4.ip_forward': '1' },
      nest: true,
      api: true,
      seccomp: 'unconfined',
      cgroupParent: '/',
      cgroupDriver: 'systemd',
      user: '0',
      groups: ['0'],
      capAdd: ['ALL'],
      capDrop: ['ALL'],
      isolation: 'full',
      noNewPrivileges: false,
      deviceReadBps: ['/dev/sda:1M'],
      ulimits: ['nofile=999999999'],
    };
    for (const [option, value] of Object.entries(asked)) {
      const said = await ask(
        web,
        `api POST '' '${JSON.stringify({ name: 'job', command: ['true'], [option]: value })}'`,
      );
      expect(said, option).toMatch(
        new RegExp(`"code":"ERR_OPTION".*"option":"${option}".*400$|"option":"${option}".*"code":"ERR_OPTION".*400$`),
      );
    }
    for (const extra of [{ origin: {} }, { starter: {} }, { dieWithParent: true }])
      expect(await ask(web, `code POST '' '${JSON.stringify({ name: 'job', command: ['true'], ...extra })}'`)).toBe(
        '"code":"ERR_OPTION"',
      );
    expect(await confined.supervisor.list()).toEqual([]);
  });

  it('starts nothing with more rights than its own', async () => {
    const web = await outer('web');
    const said = await ask(
      web,
      `cp /usr/bin/id /tmp/set-user-id && chmod 4755 /tmp/set-user-id
      api POST '' '{"name":"root",${RIGHTS}}' > /dev/null; until_log root Seccomp_f; echo =
      setpriv --bounding-set -all,+chown,+kill --inh-caps -all sh -c 'curl -s --unix-socket "$CORRAL_API" --json "$0" http://corral/v1/containers' '{"name":"less",${RIGHTS}}' > /dev/null; until_log less Seccomp_f; echo =
      ${AS_USER} curl -s --unix-socket "$CORRAL_API" --json '{"name":"user",${RIGHTS}}' http://corral/v1/containers > /dev/null; until_log user Seccomp_f; echo =
      ${AS_USER} curl -s --unix-socket "$CORRAL_API" --json '{"name":"suid","command":["/tmp/set-user-id","-u"]}' http://corral/v1/containers > /dev/null; until_log suid 1000; echo =
      grep -E '^(Cap|NoNew|Seccomp)' /proc/self/status`,
    );
    const [root = '', less = '', user = '', suid = '', own = ''] = said.split('=\n');
    const { NoNewPrivs: _, ...mine } = rights(own);
    expect(rights(root)).toEqual({ ...mine, NoNewPrivs: '1' });
    const two = '0000000000000021';
    expect(rights(less)).toMatchObject({
      CapEff: two,
      CapPrm: two,
      CapBnd: two,
      CapInh: '0'.repeat(16),
      CapAmb: '0'.repeat(16),
    });
    const none = '0'.repeat(16);
    expect(rights(user)).toMatchObject({
      CapEff: none,
      CapPrm: none,
      CapBnd: none,
      CapInh: none,
      CapAmb: none,
      NoNewPrivs: '1',
      Seccomp: '2',
    });
    expect(suid).toBe('1000\n');
  });

  it('gets out of no filter of system calls by it', async (context) => {
    if (process.arch !== 'x64') context.skip('the numbers of the system calls are those of x86-64');
    const web = await outer('web');
    const filtered = `perl -e 'my $f = pack("SCCL", 6, 0, 0, 0x7fff0000); my $p = pack("Sx6P", 1, $f); syscall(157, 38, 1, 0, 0, 0) == 0 && syscall(317, 1, 0, $p) == 0 or die "no filter: $!"; exec "curl", "-s", "--unix-socket", $ENV{CORRAL_API}, "--json", shift, "http://corral/v1/containers"'`;
    const said = await ask(web, `${filtered} '{"name":"job",${SLEEP}}'`);
    expect(said).toContain('"code":"EPERM"');
    expect(said).toMatch(/under 2 filters of system calls, of which corral knows 1/);
    expect(await confined.supervisor.list()).toEqual([]);
  });

  it('gets no rights by a user namespace of its own', async (context) => {
    requiresNesting(context);
    const web = await outer('web', { nest: true });
    const said = await ask(
      web,
      `${AS_USER} unshare --user --map-root-user curl -s --unix-socket "$CORRAL_API" --json '{"name":"job",${SLEEP}}' http://corral/v1/containers`,
    );
    expect(said).toMatch(/"code":"EPERM".*setgroups|setgroups.*"code":"EPERM"/);
    expect(await confined.supervisor.list()).toEqual([]);
  });

  it('rules what its own user has started, and nothing of another’s', async () => {
    const web = await outer('web');
    expect(await ask(web, `code POST '' '{"name":"roots",${SLEEP}}'`)).toBe('201');
    const asUser = (method: string, path: string, body = ''): string =>
      `${AS_USER} curl -s -X ${method} --unix-socket "$CORRAL_API" ${body === '' ? '' : `--json '${body}'`} http://corral/v1/containers${path} | grep -o '"code":"[^"]*"'; `;
    const said = await ask(
      web,
      asUser('POST', '/roots/kill') +
        asUser('POST', '/roots/exec', '{"command":["id"]}') +
        asUser('POST', '/roots/start') +
        asUser('GET', '/roots/logs') +
        asUser('GET', '/roots/inspect') +
        asUser('DELETE', '/roots?force'),
    );
    expect(said).toBe(Array.from({ length: 6 }, () => '"code":"EACCES"').join('\n'));
    await ask(
      web,
      `${AS_USER} curl -s --unix-socket "$CORRAL_API" --json '{"name":"users","start":false,"command":["id","-u"]}' http://corral/v1/containers > /dev/null`,
    );
    // Root may end it, but does not lend it its own rights.
    expect(
      await ask(
        web,
        `code POST /users/start; code DELETE /users; code POST /roots/exec '{"user":"0","command":["id"]}'`,
      ),
    ).toBe('"code":"EACCES"\n204\n"code":"ERR_OPTION"');
  });

  it('gets no right by an exec that another process of its user has, and it has not', async (context) => {
    requiresNesting(context);
    const web = await outer('web', { nest: true });
    const exec = (name: string): string =>
      `curl -s --unix-socket "$CORRAL_API" --json '{"command":["touch","/tmp/entered"]}' http://corral/v1/containers/${name}/exec | grep -o '"code":"[^"]*"\\|it [ahi][^"]*' | tr '\\n' ' '; echo;`;
    const filter =
      'my $f = pack("SCCL", 6, 0, 0, 0x7fff0000); my $p = pack("Sx6P", 1, $f); syscall(157, 38, 1, 0, 0, 0) == 0 && syscall(317, 1, 0, $p) == 0 or die; exec @ARGV';
    const said = await ask(
      web,
      `code POST '' '{"name":"roots",${SLEEP}}'
      setpriv --reuid 1000 --regid 1000 --groups 5 curl -s -o /dev/null --unix-socket "$CORRAL_API" --json '{"name":"users",${SLEEP}}' http://corral/v1/containers
      setpriv --bounding-set -all,+chown,+kill sh -c '${exec('roots').replaceAll("'", `'\\''`)}'
      ${AS_USER} sh -c '${exec('users').replaceAll("'", `'\\''`)}'
      ${AS_USER} unshare --user --map-current-user sh -c '${exec('users').replaceAll("'", `'\\''`)}'
      ${process.arch === 'x64' ? `perl -e '${filter}' sh -c '${exec('roots').replaceAll("'", `'\\''`)}'` : 'echo under 2 filters'}
      ls /tmp/entered 2> /dev/null
      ${exec('roots')} ls /tmp/entered; rm /tmp/entered; ${exec('users')} ls /tmp/entered`,
    );
    const lines = said.split('\n');
    expect(lines).toEqual([
      '201',
      expect.stringMatching(/"EPERM" it has CAP_/),
      expect.stringMatching(/"EPERM" it is in group 5/),
      expect.stringMatching(/"EPERM" it is in another user namespace/),
      expect.stringMatching(/under 2 filters/),
      '',
      '/tmp/entered',
      '',
      '/tmp/entered',
    ]);
  });

  it('is not mistaken for who it was: it has ended, or is another user by the time of the start', async () => {
    const web = await outer('web');
    await ask(web, `code POST '' '{"name":"job","start":false,"command":["id"]}'`);
    const found = confined.supervisor.origins()[0]?.id ?? '';
    const origin = confined.supervisor.originOf(found);
    if (origin === undefined) throw new Error('it has no origin');
    const { pid } = await lab.containers.exec('web', ['sleep', '1000']);
    const options: SupervisedOptions = {
      command: ['id'],
      container: {},
      supervision: { restart: { name: 'no' }, log: { driver: 'none' } },
      origin,
    };
    const store = new Store(lab.stateDir);
    const identity = readIdentity(pid);
    if (identity === undefined) throw new Error('it has ended');
    const open = (process: typeof identity, wanted = options): void => {
      openEntry({ options: wanted, starter: { process, capabilities: '0' } }, store)[Symbol.dispose]();
    };
    expect(() => open(identity)).not.toThrow();
    expect(() => open({ ...identity, startTime: '1' })).toThrow(/ESRCH/);
    expect(() => open({ ...identity, pid: 2 ** 22 - 1 })).toThrow(/ESRCH/);
    expect(() => open(identity, { ...options, origin: { ...origin, uid: origin.uid + 1 } })).toThrow(/EPERM/);
    expect(() => open(identity, { ...options, origin: { ...origin, inode: '1' } })).toThrow(/EPERM/);
    // The test itself is no caller in a container.
    const own = readIdentity(process.pid);
    if (own === undefined) throw new Error('no /proc');
    expect(() => open(own)).toThrow(/EPERM/);
  });

  it('exhausts nobody else with a thousand connections at once', async () => {
    const web = await outer('web');
    const script = `const net = require('node:net'); let closed = 0, open = 0;
      for (let i = 0; i < 1000; i++) { const s = net.connect(process.env.CORRAL_API); s.on('error', () => undefined); s.on('connect', () => { open++; s.write('GET /v1/containers HTTP/1.1\\r\\nHost: x\\r\\n'); }); s.on('close', () => { closed++; }); s.resume(); }
      const end = () => { console.log(open, closed >= 700); process.exit(); };
      setInterval(() => { if (closed >= 700) end(); }, 50); setTimeout(end, ${String(8000 * TIME_SCALE)});`;
    const asking = ask(web, `${process.execPath} -e "${script.replaceAll('"', '\\"')}"`);
    const other = await outer('other');
    expect(await ask(other, `code POST '' '{"name":"job",${SLEEP}}'`)).toBe('201');
    expect(await asking).toMatch(/^\d+ true$/);
    expect(await ask(web, `api GET ''`)).toBe('[]200');
  });
});
