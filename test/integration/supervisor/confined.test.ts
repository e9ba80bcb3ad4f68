import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { readLayout } from '../../../src/cgroup/facts.js';
import { makeLab, until } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';
import { TIME_SCALE } from '../../helpers/scale.js';
import { API, makeConfinedLab } from './confined-lab.js';

const lab = makeLab();
const confined = makeConfinedLab(lab);
const { ask, outer } = confined;

const SLEEP = '"command":["sleep","1000"]';

/** What the deepest caller does, with curl alone. */
const TOUR = `
code POST '' '{"name":"job","labels":{"of":"me"},"command":["sh","-c","trap \\"exit 7\\" USR1; echo up; cat /proc/self/cgroup | grep ^0; while :; do sleep 0.1; done"]}'
until_log job 0::
api GET '' | grep -o '"id":"[^"]*"' | tr '\\n' ' '; echo
api GET /job | grep -o '"status":"[^"]*"'
api GET /job/processes | grep -o '"parentPid":0' | head -n 1
api GET /job/stats | grep -o '"frozen":[a-z]*'
api POST /job/exec '{"command":["sh","-c","echo in; exit 3"]}' | grep -o '"stdout":"[^"]*"\\|"exitCode":3'
api POST /job/pause
api POST /job/resume
code POST /job/signal '{"signal":"USR1"}'
api GET /job/wait | grep -o '"exitCode":7'
api POST /job/start
api POST /job/stop '{"gracePeriod":100}' | grep -o '"id":"job"'
api POST /job/start
api POST /job/kill | grep -o '"gone":true'
code DELETE /job
api GET ''
echo over
`;

const SAID = `201
up
0::/
"id":"job" 
"status":"running"
"parentPid":0
"frozen":false
"stdout":"in\\n"
"exitCode":3
{"changed":true}200
{"changed":true}200
204
"exitCode":7
{"changed":true}200
"id":"job"
{"changed":true}200
"gone":true
204
[]200
over`;

/** Goes down to a depth: each level is started through the socket by the one above. Its files are in /t. */
const LEVEL = `. /t/api.sh
if [ "$1" = "$DEPTH" ]; then { . /t/tour.sh; } > /t/said 2>&1; mv /t/said /t/out; exit; fi
api POST '' "{\\"name\\":\\"level\\",\\"command\\":[\\"sh\\",\\"/t/level.sh\\",\\"$(($1 + 1))\\"],\\"env\\":{\\"DEPTH\\":\\"$DEPTH\\"}}" > "/t/started$1"
sleep 1000
`;

describe.each([1, 2, 5])('by a caller at depth %i, with curl alone', (depth) => {
  beforeEach((context) => {
    // A supervisor that is not root's may not look at what was started from inside, and so runs nothing in it.
    requires(context, { root: true });
  });

  it.each([
    ['root', ''],
    ['a user without privileges', 'setpriv --reuid 1000 --regid 1000 --clear-groups '],
  ])(
    '%s starts, lists, execs and kills what is below itself',
    async (_, as) => {
      const directory = lab.directory();
      chmodSync(directory, 0o777);
      for (const [name, content] of Object.entries({ 'api.sh': API, 'tour.sh': TOUR, 'level.sh': LEVEL }))
        writeFileSync(`${directory}/${name}`, content);
      const web = await outer('web', { volumes: [`${directory}:/t`] });
      const { exited } = await lab.containers.exec('web', ['sh', '-c', `${as}sh /t/level.sh 1 > /t/log 2>&1`], {
        env: { DEPTH: String(depth) },
      });
      exited.catch(() => undefined);
      const read = (name: string): string => {
        try {
          return readFileSync(`${directory}/${name}`, 'utf8');
        } catch {
          return '';
        }
      };
      await until(() => read('out') !== '', 'the tour is over', 30_000).catch(() => undefined);
      expect(`${read('out')}${read('said')}`.trimEnd()).toBe(SAID);
      expect((await confined.supervisor.list()).length).toBe(depth - 1);
      await web.kill();
    },
    60_000 * TIME_SCALE,
  );
});

describe('a container that is asked for from inside another one', () => {
  it('is not entered for its caller by a supervisor that is not root’s', async (context) => {
    if (process.geteuid?.() === 0) context.skip('needs a user without privileges');
    const web = await outer('web');
    const said = await ask(web, `code POST '' '{"name":"job",${SLEEP}}'; api POST /job/exec '{"command":["id"]}'`);
    expect(said).toMatch(/^201\n/);
    expect(said).toContain('the supervisor is not root’s');
    expect(await ask(web, `api POST /job/kill; code DELETE /job`)).toMatch(/"gone":true.*\n204$/);
  });

  it('has the limits of its caller, and a cgroup below its', async () => {
    const web = await outer('web', { pids: 100, memory: '256M' });
    await ask(
      web,
      `ulimit -S -n 99; ulimit -H -n 200; echo 500 > /proc/self/oom_score_adj
      code POST '' '{"name":"job","command":["sh","-c","ulimit -S -n; ulimit -H -n; cat /proc/self/oom_score_adj; sleep 1000"],"oomScoreAdj":300}'
      until_log job 500`,
    ).then((said) => {
      expect(said).toBe('201\n99\n200\n500');
    });
    const [{ pid = 0 } = {}] = await confined.supervisor.list();
    const cgroups = (of: number): readonly string[] =>
      readFileSync(`/proc/${String(of)}/cgroup`, 'utf8')
        .trim()
        .split('\n');
    const ours = cgroups(pid).filter((line) => !line.startsWith('0::'));
    expect(ours).toEqual(cgroups(web.pid).filter((line) => !line.startsWith('0::')));
    expect(cgroups(pid).find((line) => line.startsWith('0::'))).toMatch(/\/web\/payload\/container-job\/payload$/);
  });

  it('has a limit where the host can give one inside, and says why not otherwise', async () => {
    const web = await outer('web');
    const said = await ask(
      web,
      `api POST '' '{"name":"job","memory":"64M",${SLEEP}}'; cat /proc/self/cgroup | grep ^0`,
    );
    if (readLayout().v1.some(({ controllers }) => controllers.includes('memory'))) {
      expect(said).toContain('memory limit needs the memory controller in your own cgroup');
      expect(said).toContain('the host uses it with cgroup v1');
      expect(await confined.supervisor.list()).toEqual([]);
    } else {
      expect(said).toContain('201');
      const [{ pid = 0 } = {}] = await confined.supervisor.list();
      const path = /^0::(.*)\/payload$/m.exec(readFileSync(`/proc/${String(pid)}/cgroup`, 'utf8'))?.[1] ?? '';
      expect(readFileSync(`/sys/fs/cgroup${path}/memory.max`, 'utf8')).toBe('67108864\n');
    }
  });

  it('starts in the root and working directory of its caller, by the rights of its user', async () => {
    const web = await outer('web');
    const said = await ask(
      web,
      `mkdir -p /tmp/root/closed && chmod 700 /tmp/root/closed && cd /tmp/root/closed
      code POST '' '{"name":"here","command":["pwd"]}'; until_log here closed
      code POST '' '{"name":"there","cwd":"/tmp","command":["pwd"]}'; until_log there tmp
      cd /
      setpriv --reuid 1000 --regid 1000 --clear-groups curl -s --unix-socket "$CORRAL_API" --json '{"name":"shut","cwd":"/tmp/root/closed","command":["pwd"]}' http://corral/v1/containers`,
    );
    expect(said).toContain('201\n/tmp/root/closed\n201\n/tmp');
    expect(said).toContain('EACCES');
  });

  it('goes with the one around it, and is forgotten then', async () => {
    const web = await outer('web');
    await ask(web, `code POST '' '{"name":"job","restart":"always",${SLEEP}}'`);
    await web.kill();
    const isOver = (): boolean => confined.supervisor.isIdle;
    await until(isOver, 'it has ended');
    confined.supervisor.sweep();
    await until(() => confined.supervisor.size === 0, 'it is forgotten');
  });

  it('ends with the reason when it is to be restarted and its caller has gone', async () => {
    const web = await outer('web');
    await ask(web, `code POST '' '{"name":"job","restart":"always","command":["sh","-c","sleep 0.3; exit 4"]}'`);
    await until(() => confined.supervisor.isIdle, 'it has ended for good');
    const said = await ask(web, `api GET /job; api POST /job/start; api GET /job`);
    const [ended, started, again] = said.split('\n');
    expect(ended).toContain('whoever asked for it has ended');
    expect(started).toBe('{"changed":true}200');
    expect(again).toContain('"status":"running"');
  });

  it('is made, and looked after, as docs/api.md shows', async () => {
    const web = await outer('web');
    const manual = readFileSync(new URL('../../../docs/api.md', import.meta.url), 'utf8');
    const blocks = [...manual.matchAll(/```sh\n(.*?)```/gs)].map(([, commands = '']) => commands);
    expect(blocks).toHaveLength(2);
    for (const as of ['', 'setpriv --reuid 1000 --regid 1000 --clear-groups ']) {
      const said = await ask(
        web,
        `${as}bash -euo pipefail -c '${blocks.join('\n').replaceAll("'", `'\\''`)}' 2> /dev/null`,
      );
      expect(said).not.toContain('"error"');
      expect(said).toMatch(/^made$/m);
      expect(said).toMatch(/"path":"jobs",.*"populated":true/);
      expect(said).toContain('"cgroup.max.descendants":"10"');
      expect(said).toMatch(/"processes":1,.*"removed":true/);
    }
  });

  it('has a terminal, if it asks for one', async () => {
    const web = await outer('web');
    const said = await ask(
      web,
      `api POST '' '{"name":"job","terminal":true,"log":"json","command":["sh","-c","tty; stty size; sleep 1000"]}'; until_log job 24
      api POST /job/exec '{"terminal":"80x24","command":["tty"]}' | head -n 1 | cut -c 1-9`,
    );
    expect(said).toMatch(/201\n\/dev\/pts\/\d+\r?\n24 80/);
  });
});
