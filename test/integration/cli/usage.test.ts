import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { VERBS } from '../../../src/cli/verbs.js';
import { makeCliLab } from './cli-lab.js';

const lab = makeCliLab();

const directory = mkdtempSync(join(tmpdir(), 'corral-test-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('help', () => {
  it.each([...Object.keys(VERBS)])('of %s says what it is for, with examples', async (verb) => {
    const asked = await lab.corral([verb, '--help']);
    expect(asked).toMatchObject({ code: 0, stderr: '' });
    expect(asked.stdout).toMatch(new RegExp(`^Usage: corral ${verb} \\[OPTION...\\]`));
    expect(asked.stdout).toMatch(new RegExp(`\nExamples:\n  # .*\n  .*corral ${verb}`));
    const lines = asked.stdout.split('\n');
    expect(lines.filter((line) => line.length > 80 && !line.includes('corral '))).toEqual([]);
    expect(await lab.corral(['help', verb])).toEqual(asked);
    expect(await lab.corral([verb, '-h'])).toEqual(asked);
  });

  it('lists the verbs', async () => {
    const { code, stdout } = await lab.corral(['--help']);
    expect(code).toBe(0);
    for (const verb of Object.keys(VERBS)) expect(stdout).toMatch(new RegExp(`^  ${verb} `, 'm'));
    expect(await lab.corral([])).toEqual({ code: 2, signal: null, stdout: '', stderr: stdout });
  });

  it('tells the version', async () => {
    expect((await lab.corral(['--version'])).stdout).toMatch(/^corral \d+\.\d+\.\d+\n$/);
  });
});

describe('wrong usage', () => {
  it.each<[words: string, code: number, message: string, hint?: string]>([
    ['klil web', 2, 'unknown verb klil', 'did you mean kill?'],
    ['remove web', 2, 'unknown verb remove', 'did you mean rm?'],
    ['help stpo', 2, 'unknown verb stpo', 'did you mean stop?'],
    ['rnu ls', 2, 'unknown verb rnu', 'did you mean run?'],
    ['xyzzy', 2, 'unknown verb xyzzy', 'see corral --help'],
    ['help xyzzy', 2, 'unknown verb xyzzy', 'see corral --help'],
    ['--bogus ps', 2, 'unknown flag --bogus', 'see corral --help'],
    ['run', 125, 'COMMAND is missing', 'see corral run --help'],
    ['run --', 125, 'COMMAND is missing', 'see corral run --help'],
    ['run --memry 1G ls', 125, 'unknown flag --memry', 'did you mean --memory?'],
    ['run -x ls', 125, 'unknown flag -x', 'see corral run --help'],
    ['run --memory', 125, '--memory: SIZE is missing', 'see corral run --help'],
    ['exec', 125, 'NAME is missing', 'see corral exec --help'],
    ['exec web', 125, 'COMMAND is missing', 'see corral exec --help'],
    ['exec --memory 1G web ls', 125, 'unknown flag --memory', 'see corral exec --help'],
    ['exec -w rel web ls', 125, 'container "web" does not exist'],
    ['exec ../web ls', 125, 'container: "../web" is not a container name'],
    ['ps web', 2, 'ps takes no operands', 'see corral ps --help'],
    ['ps --jason', 2, 'unknown flag --jason', 'did you mean --json?'],
    ['kill', 2, 'NAME is missing', 'or --all'],
    ['kill --all web', 2, '--all leaves no NAME to give'],
    ['kill --signal FOO web', 2, '--signal: "FOO" is not a signal such as TERM'],
    ['kill --signal TERM --dry-run web', 2, '--dry-run is about a kill', 'leave --signal out'],
    ['stop', 2, 'NAME is missing', 'or --all'],
    ['stop --signal FOO web', 2, '--signal: "FOO" is not a signal such as TERM'],
    ['stop --timeout soon web', 2, '--timeout: "soon" is not a time'],
    ['update web', 2, 'a limit is missing', 'see corral update --help'],
    ['update --memory 12Q web db', 2, '--memory: "12Q" is not a size such as 256M or 1.5G\n'],
    ['update --pids-limit many web', 2, '--pids-limit: "many" is not a whole number, or max'],
    ['update --rootfs / web', 2, 'unknown flag --rootfs'],
    ['events --until-exit', 2, 'NAME is missing', '--until-exit needs to know of whom'],
    ['events --filter event=oops', 2, '--filter: "event=oops" is not a type of event: there are created, started'],
    ['events --filter status=running', 2, '--filter: "status=running" is not a filter: there are event=…, label=…'],
    ['events ../web', 2, 'names: "../web" is not a container name'],
    ['prune web', 2, 'prune takes no operands', 'see corral prune --help'],
    ['plan --memory 1X ls', 2, '--memory: "1X" is not a size such as 256M or 1.5G'],
  ])('corral %s', async (words, code, message, hint) => {
    const ended = await lab.corral(words.split(' '));
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr.startsWith(`corral: ${message}`), ended.stderr).toBe(true);
    if (hint !== undefined) expect(ended.stderr).toBe(`corral: ${message}\nhint: ${hint}\n`);
  });

  it.each<[flags: readonly string[], message: string | RegExp]>([
    [['--memory', '12Q'], '--memory: "12Q" is not a size'],
    [['--memory', '-1'], '--memory: "-1" is not a size'],
    [['-m', '0'], '--memory: "0" is not a size'],
    [['--memory-swap', '1G'], '--memory-swap: "1G" is not possible without memory'],
    [['-m', '1G', '--memory-swap', '1M'], '--memory-swap: "1M" is not at least memory'],
    [['--pids-limit', '-3'], '--pids-limit: -3 is not a whole number'],
    [['--pids', '0'], '--pids: 0 is not a whole number'],
    [['--cpus', '0'], '--cpus: "0" is not a number of CPUs'],
    [['--cpu-shares', '1'], '--cpu-shares: 1 is not a whole number, 2–262144'],
    [['--cpuset-cpus', 'all'], '--cpuset-cpus: "all" is not a list'],
    [['--cpuset-cpus', '99999'], /^corral: (write|cpuset limit needs the cpuset controller)/],
    [['--io-weight', '5'], '--io-weight: 5 is not a whole number, 10–1000'],
    [['--device-read-bps', '/dev/null:1M'], '--device-read-bps: "/dev/null:1M" is not about a block device'],
    [['--device-write-iops', 'x'], '--device-write-iops: "x" is not of the form'],
    [['--name', '../x'], '--name: "../x" is not a container name'],
    [['--name', ''], '--name: "" is not a container name'],
    [['--name', '.hidden'], '--name: ".hidden" is not a container name'],
    [['--rootfs', '/no/such/dir'], 'open root filesystem /no/such/dir: ENOENT'],
    [['--rootfs', '/etc/passwd'], /ENOTDIR/],
    [['-v', 'a'], '--volume: "a" is not of the form'],
    [['-v', ':/x'], '--volume: ":/x" is not of the form'],
    [['-v', '/tmp:x'], '--volume: "/tmp:x" is not an absolute path in the container'],
    [['-v', '/tmp:/x:rx'], '--volume: "/tmp:/x:rx" is not of the form'],
    [['-v', '/tmp:/x:ro:rw'], '--volume: "/tmp:/x:ro:rw" is not of the form'],
    [['-v', '/tmp:/'], '--volume: "/tmp:/" is not a path below /'],
    [['-v', '/no/such/source:/x'], /\/no\/such\/source: ENOENT/],
    [['--tmpfs', 'x'], '--tmpfs: "x" is not an absolute path'],
    [['--tmpfs', '/x:big'], '--tmpfs: "/x:big" is not of the form'],
    [['--rootfs', '/tmp', '--expose', '/etc/shadow'], '--expose: '],
    [['--net', 'bridge'], '--net: "bridge" is not private, none or host'],
    [['--network', 'bridge'], '--network: "bridge" is not private, none or host'],
    [['--pid', 'x'], '--pid: "x" is not private or host'],
    [['--hostname', 'a b'], '--hostname: "a b" is not a host name'],
    [['--uts', 'host', '--hostname', 'a'], '--hostname: "a" is not possible with uts host'],
    [['--sysctl', 'a'], '--sysctl: "a" is not of the form KEY=VALUE'],
    [['--sysctl', 'kernel.panic=1'], /^corral: .*kernel.panic/],
    [['--isolation', 'none'], '--isolation: "none" is not full or cgroup'],
    [['--isolation', 'cgroup', '--read-only'], '--read-only is not possible with isolation'],
    [['--cgroup-parent', '../x'], '--cgroup-parent: "../x" is not the path of a cgroup'],
    [['-u', 'no-such-user'], '--user: "no-such-user" is not a user'],
    [['-u', '1:2:3'], '--user: "1:2:3" is not of the form USER[:GROUP]'],
    [['--group-add', 'no-such-group'], '--group-add: "no-such-group" is not a group'],
    [['--umask', '9'], '--umask: "9" is not an octal mask'],
    [['--umask', '7777'], '--umask: "7777" is not an octal mask'],
    [['--ulimit', 'nofile'], '--ulimit: "nofile" is not of the form'],
    [['--ulimit', 'nofile=10:5'], '--ulimit: "nofile=10:5" is not a limit'],
    [['--oom-score-adj', '1001'], '--oom-score-adj: 1001 is not from -1000 to 1000'],
    [['--cap-add', 'FLY'], '--cap-add: "FLY" is not a capability'],
    [['-e', '=x'], '--env: "" is not the name of a variable'],
    [['-w', 'relative'], '--cwd: "relative" is not an absolute path'],
    [['-w', '/no/such/dir'], 'change directory to /no/such/dir: ENOENT'],
    [['-w', '/etc/passwd'], 'change directory to /etc/passwd: ENOTDIR'],
    [['--timeout', 'soon'], '--timeout: "soon" is not a time'],
    [['--stop-signal', 'FOO'], '--stop-signal: "FOO" is not a signal'],
    [['--init=false'], 'unknown flag --init=false'],
    [[''], /^corral: COMMAND/],
  ])('corral run %j starts nothing, and says why', async (flags, message) => {
    const ended = await lab.run([...flags, '--', 'echo', 'ran']);
    expect(ended).toMatchObject({ code: 125, stdout: '' });
    if (typeof message === 'string') expect(ended.stderr.startsWith(`corral: ${message}`), ended.stderr).toBe(true);
    else expect(ended.stderr).toMatch(message);
    expect(ended.stderr).not.toContain('internal error');
  });

  it('a name that is in use', async () => {
    await lab.box('web');
    expect(await lab.run(['--name', 'web', 'echo', 'ran'])).toMatchObject({
      code: 125,
      stdout: '',
      stderr: expect.stringMatching(/^corral: container "web" already exists\nhint: .*\n$/) as unknown,
    });
    expect((await lab.corral(['ps', '-q'])).stdout).toBe('web\n');
  });

  it('a state directory that is a file', async () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    const ended = await lab.run(['--state-dir', file, 'echo', 'ran']);
    expect(ended).toMatchObject({ code: 125, stdout: '' });
    expect(ended.stderr).toMatch(
      /^corral: use .*file: it is not a directory that this user alone can write\nhint: .*\n$/,
    );
  });

  it('a state directory with things in it that are no containers', async () => {
    const stateDir = join(directory, 'littered');
    mkdirSync(join(stateDir, 'empty'), { recursive: true });
    writeFileSync(join(stateDir, 'file'), '');
    expect(await lab.corral(['ps', '--state-dir', stateDir, '-q'])).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });
});
