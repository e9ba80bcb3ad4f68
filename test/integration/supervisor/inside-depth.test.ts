import { existsSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Container } from '../../../src/container/container.js';
import { apiDirectory, Store } from '../../../src/container/store.js';
import { API_DIRECTORY, API_SOCKET } from '../../../src/spec/api.js';
import { makeAuthorize } from '../../../src/supervisor/api/authorize.js';
import { ApiServer } from '../../../src/supervisor/api/server.js';
import { WhenEmpty } from '../../../src/supervisor/cgroups/when-empty.js';
import type { SupervisorFace } from '../../../src/supervisor/face.js';
import { untilSays } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';
import { TIME_SCALE } from '../../helpers/scale.js';
import { CORRAL, makeNestLab, requiresNesting } from '../nest/nest-lab.js';

const lab = makeNestLab();
const socketPath = `${apiDirectory(lab.stateDir)}/${API_SOCKET}`;
let server: ApiServer;
let whenEmpty: WhenEmpty;

beforeEach(async (context) => {
  requiresNesting(context);
  requires(context, { programs: ['curl', 'setpriv'] });
  whenEmpty = new WhenEmpty();
  server = await ApiServer.listen({
    // Nobody here asks for containers.
    face: {} as SupervisorFace,
    socketPath,
    authorize: makeAuthorize(new Store(lab.stateDir), whenEmpty),
    info: () => ({ version: '0', pid: 1, startedAt: '', stateDir: '', dataDir: '', containers: 0 }),
  });
});

afterEach(async () => {
  whenEmpty[Symbol.dispose]();
  await server.close();
  if (existsSync(apiDirectory(lab.stateDir))) rmSync(apiDirectory(lab.stateDir), { recursive: true });
});

/** Curl alone: `api METHOD PATH [JSON]` prints the status and the answer in one line. */
const API = `api() { curl -s -X "$1" --unix-socket ${API_DIRECTORY}/${API_SOCKET} -w '%{http_code}\\n' \${3:+--json "$3"} "http://corral/v1/cgroups$2" | tr -d '\\n'; echo; }`;

/** Reads lines METHOD PATH JSON, has one curl ask for all of it, and counts what is answered: errors, and else statuses. */
const MANY = `many() { sed 's/[\\\\"]/\\\\&/g' | while read -r method path json; do
  printf '%s\\n' next silent 'unix-socket = "${API_DIRECTORY}/${API_SOCKET}"' 'write-out = "\\n%{http_code}\\n"' "request = \\"$method\\"" "url = \\"http://corral/v1/cgroups\${path#/}\\"" path-as-is \${json:+"json = \\"$json\\""}
done | sed 's,cgroups\\([a-z]\\),cgroups/\\1,' | curl -K - | grep -o '"code":"[^"]*"\\|^20[0-9]$' | sort | uniq -c | sed 's/^ *//'; }`;

/** What the deepest container does by the socket. */
const TOUR = `${API}
${MANY}
sleep 1000 & pid=$!
api GET /controllers | tr -d '{}' | cut -c 1-12
api POST '' '{"path":"a"}'
api POST '' '{"path":"a/b","values":{"cgroup.max.depth":3}}'
api GET '/values?path=a/b&name=cgroup.max.depth'
api POST /tasks "{\\"path\\":\\"a/b\\",\\"pid\\":$pid}"
sed -n 's/^0:://p' /proc/$pid/cgroup
[ "$(api GET '/tasks?recursive&path=a')" = "{\\"pids\\":[$pid],\\"hidden\\":0}200" ] && echo tasks
api GET '?recursive' | grep -o '"path":"a[^"]*"' | tr '\\n' ' '; echo
api POST /values '{"path":"a","values":{"cgroup.max.descendants":5}}'
api POST /freeze '{"path":"a"}'
api POST /thaw '{"path":"a"}'
api POST /owner '{"path":"a/b","gid":'$(id -g)'}'
api POST /signal '{"path":"a","signal":"CONT"}'
api DELETE '?path=a&recursive' | grep -o 'EBUSY' | head -n 1
api POST /kill '{"path":"a","remove":true}' | grep -o '"removed":true}200'
api POST '' '{"path":"w"}'; api POST '' '{"path":"w/x"}'
sleep 1000 & pid=$!
api POST /tasks "{\\"path\\":\\"w/x\\",\\"pid\\":$pid}"
api DELETE '?path=w&whenEmpty'
api GET '?path=w' | grep -o '"path":"w/x"'
kill -9 $pid; n=0; while api GET '' | grep -q '"path":"w"' && [ $n -lt 100 ]; do sleep 0.05; n=$((n+1)); done
api GET '' | grep -c '"path":"w"'
echo refused
sleep 1000 & victim=$!
api POST '' '{"path":"v"}'; api POST /tasks "{\\"path\\":\\"v\\",\\"pid\\":$victim}"
ln -s "/sys/fs/cgroup" /tmp/link 2> /dev/null
say() { printf '%s\\n' "$1"; }
body() { case $1 in signal) more=',"signal":9';; owner) more=',"uid":0';; tasks) more=',"pid":'$victim;; values) more=',"values":{"cgroup.freeze":1}';; *) more=;; esac; say "{\\"path\\":\\"$2\\"$more}"; }
for path in .. ../payload ../../.. v/../../v /sys/fs/cgroup /tmp/link v//v v/ '\\u0000' 'v\\n' '\\ud800'; do
  for verb in freeze thaw kill values owner signal tasks; do say "POST /$verb $(body $verb "$path")"; done; say "POST / $(body make "$path")"
done | many
for path in .. %2e%2e ..%2f.. v/%2e%2e v%00 %ff /; do for rest in / /tasks /values; do say "GET $rest?path=$path"; done; say "DELETE /?path=$path&recursive"; done | many
for path in %252e%252e ..%252f.. link web level1 payload; do for rest in / /tasks /values; do say "GET $rest?path=$path"; done; say "DELETE /?path=$path&recursive"; done | many
own=$(sed -n 's/^0:://p' /proc/self/cgroup)
for path in '' "\${own#/}"; do for verb in freeze thaw kill values owner signal; do say "POST /$verb $(body $verb "$path")"; done; say "DELETE /?path=$path&recursive"; done | many
for pid in 0 -1 1.5 '"1"' null 1e999 4194303 99999999999; do say 'POST /tasks {"path":"v","pid":'"$pid"'}'; done | many
deep=d; for n in $(seq 17); do say 'POST / {"path":"'$deep'"}'; deep=$deep/d; done | many
api GET '/tasks?path=v' | grep -c "\\[$victim\\]"
kill -0 $victim && grep -c '^State:.[SR]' /proc/$victim/status
api POST /kill '{"path":"v","remove":true}' | grep -o '"processes":1'
api DELETE '?path=d&recursive'
api GET '?path=..' | grep -o '"code":"[^"]*"'
api GET '?path=/sys/fs/cgroup' | grep -o '"code":"[^"]*"'
api POST /values '{"path":"","values":{"cgroup.max.depth":1}}' | grep -o '"code":"[^"]*"'
api POST /values '{"path":"../..","values":{"cgroup.max.depth":1}}' | grep -o '"code":"[^"]*"'
api POST /tasks '{"path":"","pid":2147483}' | grep -o '"code":"[^"]*"'
api POST '' '{"path":"c"}'
api POST /owner '{"path":"c","uid":4000000000}' | grep -o '"code":"[^"]*"'
api GET '?container=web' | grep -o '"code":"[^"]*"'
curl -s --unix-socket ${API_DIRECTORY}/${API_SOCKET} http://corral/v1/containers | grep -o '"code":"[^"]*"'
echo over
`;

const SAID = `"available":
204
204
{"cgroup.max.depth":"3"}200
204
/a/b
tasks
"path":"a" "path":"a/b" 
204
204
204
204
{"processes":1,"complete":true,"frozen":false}200
EBUSY
"removed":true}200
204
204
204
204
"path":"w/x"
0
refused
204
204
88 "code":"ERR_OPTION"
24 "code":"ERR_OPTION"
4 "code":"ERR_REQUEST"
24 "code":"ENOENT"
14 "code":"ERR_OPTION"
6 "code":"ERR_OPTION"
2 "code":"ESRCH"
1 "code":"ERR_OPTION"
16 204
1
1
"processes":1
204
"code":"ERR_OPTION"
"code":"ERR_OPTION"
"code":"ERR_OPTION"
"code":"ERR_OPTION"
"code":"ESRCH"
204
"code":"ERR_OPTION"
"code":"ERR_OPTION"
"code":"EPERM"
over`;

/** Goes down to a depth, each level with the socket, and runs the tour there. */
const descend = (depth: number, user: string): string => {
  const prefix = user === '' ? '' : `setpriv --reuid ${user} --regid ${user} --clear-groups `;
  const deepest = `${prefix}sh -c "$TOUR"; exec sleep 1000`;
  if (depth === 1) return deepest;
  const level = `if [ $1 = ${String(depth)} ]; then ${deepest}; fi
    exec ${CORRAL} run --quiet --nest --api --name level$(($1 + 1)) -e TOUR -e LEVEL -- sh -c "$LEVEL" level $(($1 + 1))`;
  return `LEVEL='${level.replaceAll("'", "'\\''")}'; export LEVEL; set -- 1; eval "$LEVEL"`;
};

const CALLERS = [
  ['root', ''],
  ['a user without privileges', '1000'],
] as const;

describe.each([1, 2, 5])('at depth %i, with curl alone', (depth) => {
  it.each(CALLERS)(
    '%s does all that is allowed, and nothing else',
    async (_, user) => {
      const container: Container = await lab.spawn(['sh', '-c', descend(depth, user)], {
        name: 'level1',
        nest: true,
        api: true,
        stderr: 'inherit',
        env: { TOUR },
      });
      expect((await untilSays(container, 'over')).trimEnd()).toBe(SAID);
      let levels = 0;
      for (let [node] = lab.containers.tree(); node !== undefined; [node] = node.containers) levels++;
      expect(levels).toBe(depth);
    },
    60_000 * TIME_SCALE,
  );
});
