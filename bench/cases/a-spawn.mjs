// (a) From the call to the end of the cgroup, for /bin/true.
import { driven } from '../lib/driver.mjs';
import { interleave, withRatios } from '../lib/interleave.mjs';
import { atMost, fasterThan } from '../lib/verdict.mjs';
import { drivePeer } from '../lib/peers.mjs';
import { profile } from '../lib/profile.mjs';
import { nodeWorker } from '../lib/workspace.mjs';

export const id = 'a';
export const title = 'library: spawn → exit → gone';

export const FLOOR = 'C floor';
export const FLOOR_CGROUP = 'C floor, cgroup only';
const BARE = "corral, isolation 'cgroup', no init";

export async function run({ workspace, peers, plan, skip }) {
  const { floor } = workspace.programs;
  const options = workspace.driverOptions;
  const slow = Math.max(1, Math.round(plan.perRound / 4));
  const rows = await interleave(
    [
      driven('corral', nodeWorker('corral'), options),
      driven('corral, pipes', nodeWorker('corral-pipes'), options),
      driven("corral, isolation 'cgroup'", nodeWorker('corral-cgroup'), options),
      driven(BARE, nodeWorker('corral-bare'), options),
      driven(FLOOR, [floor], options),
      driven('C floor, forked', [floor, '--fork'], options),
      driven(FLOOR_CGROUP, [floor, '--isolation', 'cgroup'], options),
      driven('child_process true', nodeWorker('child', '--', '/bin/true'), options),
      ...peers.map((peer) => driven(`${peer.name} from C`, drivePeer(peer, workspace), { ...options, perRound: slow })),
      ...peers
        .filter(({ name }) => name === 'bwrap')
        .map(({ name, command }) => driven(`${name} from Node`, nodeWorker('child', '--', ...command), options)),
    ],
    plan,
  );
  const table = await profile(workspace, plan.rounds, plan.perRound);
  if (table === undefined) skip('(a) where the time goes: the machine is too busy to watch the steps of corral-init');
  return {
    id,
    title,
    unit: 'µs',
    groups: [
      { title, rows: withRatios(rows, FLOOR) },
      { title: 'what the kernel asks for namespaces: clone3, exit, wait', rows: await namespaces(workspace, plan) },
    ],
    tables: table === undefined ? [] : [table],
    verdicts: judge(rows),
  };
}

const NAMESPACES = ['user', 'mnt', 'pid', 'ipc', 'uts', 'net', 'cgroup'];

async function namespaces({ programs, driverOptions }, plan) {
  const one = (name, ...words) => driven(name, [programs.namespaces, ...words], driverOptions);
  const rows = await interleave(
    [one('none'), ...NAMESPACES.map((name) => one(name, name)), one('all of them', ...NAMESPACES)],
    plan,
  );
  return withRatios(rows, 'none');
}

function judge(rows) {
  const bwrap = rows.filter(({ name }) => name.startsWith('bwrap'));
  return [
    ...atMost('(a)', rows, ['corral', FLOOR], 1.5),
    ...atMost("(a) isolation 'cgroup', no init", rows, [BARE, FLOOR_CGROUP], 1.5),
    ...bwrap.flatMap(({ name }) => fasterThan('(a)', rows, ['corral', name], 1)),
    ...fasterThan('(a)', rows, ['corral', 'crun from C'], 4),
    ...fasterThan('(a)', rows, ['corral', 'runc from C'], 10),
  ];
}
