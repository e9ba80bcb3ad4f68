// (g) Who is left after an abort, and after the death of the parent.
import { createInterface } from 'node:readline';
import { spawn } from 'corral';
import { countSettled, findMarked, killMarked } from '../lib/marked.mjs';
import { ROOT } from '../lib/workspace.mjs';

export const id = 'g';
export const title = 'orphans';

const WAYS = ['child_process', 'tree-kill', 'execa', 'bwrap --die-with-parent', 'corral', "corral, isolation 'cgroup'"];
const WORKLOADS = ['setsid', 'double-fork', 're-fork', 'deaf'];
const ENDS = ['abort', 'parent killed'];
const SETTLE_MS = 1000;

export async function run({ workspace, peers, plan, skip }) {
  const ways = WAYS.filter((way) => !way.startsWith('bwrap') || peers.some(({ name }) => name === 'bwrap'));
  if (ways.length < WAYS.length) skip('(g) bwrap: it is not here');
  const rounds = plan.quick ? 1 : 3;
  const rows = [];
  for (const way of ways) {
    const cells = [];
    for (const end of ENDS) {
      for (const workload of WORKLOADS) cells.push(await countWorst({ way, end, workload, rounds, workspace }));
    }
    rows.push({ way, cells });
  }
  const head = ['', ...ENDS.flatMap((end) => WORKLOADS.map((workload) => `${end}: ${workload}`))];
  return {
    id,
    title,
    unit: '',
    groups: [],
    tables: [
      {
        title: `processes left of 2, the worst of ${rounds}`,
        head,
        rows: rows.map(({ way, cells }) => [way, ...cells.map(String)]),
      },
    ],
    verdicts: ENDS.flatMap((end) => judge(rows, end)),
  };
}

function judge(rows, end) {
  const first = ENDS.indexOf(end) * WORKLOADS.length;
  return rows
    .filter(({ way }) => way.startsWith('corral'))
    .map(({ way, cells }) => {
      const left = Math.max(...cells.slice(first, first + WORKLOADS.length));
      return { target: `(g) ${end}: none left by ${way}`, value: `${left} left`, met: left === 0 };
    });
}

async function countWorst({ rounds, ...trial }) {
  let worst = 0;
  for (let round = 0; round < rounds; round++) worst = Math.max(worst, await countLeft(trial));
  return worst;
}

/**
 * Starts one escapee by way of a parent of its own and counts what is left. All of it lives in a cage, a cgroup that is
 * killed in the end.
 */
async function countLeft({ way, end, workload, workspace }) {
  const { directory, programs, driverOptions } = workspace;
  const marker = `escapee-${process.pid}-${serial++}`;
  const parent = [process.execPath, `${ROOT}bench/lib/orphan-parent.mjs`, way, programs.escapee, workload, marker];
  // The shell stays when the parent is killed, and keeps the cage; what it says about that is of no interest.
  const keeper = ['sh', '-c', '"$@"; exec sleep infinity', 'sh', ...parent];
  const env = { CORRAL_STATE_DIR: driverOptions.env.CORRAL_STATE_DIR, CORRAL_BENCH_DIRECTORY: directory };
  const cage = await spawn(keeper, {
    isolation: 'cgroup',
    stdin: 'pipe',
    stderr: 'ignore',
    cwd: '/',
    env,
    stateDir: env.CORRAL_STATE_DIR,
  });
  const killCage = () => cage.kill();
  workspace.undo.add(killCage);
  try {
    await act(cage, end, marker);
    return await countSettled(marker, 'escapee', SETTLE_MS);
  } finally {
    await killCage();
    workspace.undo.delete(killCage);
    // A container that corral made is outside the cage.
    if (way.startsWith('corral')) await killMarked(marker, 'escapee');
  }
}

async function act(cage, end, marker) {
  const lines = createInterface({ input: cage.stdout })[Symbol.asyncIterator]();
  await expectLine(lines, 'started');
  if (end === 'parent killed') {
    for (const pid of findMarked(marker, 'node')) process.kill(pid, 'SIGKILL');
    return;
  }
  cage.stdin.write('abort\n');
  await expectLine(lines, 'aborted');
}

let serial = 0;

async function expectLine(lines, expected) {
  const { value } = await lines.next();
  if (value !== expected) throw new Error(`the parent says ${value} instead of ${expected}`);
}
