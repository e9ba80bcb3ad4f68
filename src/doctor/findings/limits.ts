import { planCgroup } from '../../cgroup/plan.js';
import { selectDriver } from '../../cgroup/systemd/driver.js';
import { DELEGATE_FILE } from '../../cgroup/systemd/words.js';
import type { CgroupFacts } from '../../cgroup/types.js';
import { UnsupportedError } from '../../errors/unsupported-error.js';
import type { Resources } from '../../spec/resources.js';
import { type DoctorFacts, type Finding, type Fix, type Group, LIMITS, type Limit, type Trial } from '../types.js';
import { delegateControllers } from './delegation.js';
import { setBootParameter } from './fixes.js';

/** What of each controller is asked for, to see whether it can be had. */
const RESOURCES: Readonly<Record<Limit, Resources>> = {
  memory: { memory: { limit: 1 << 26 } },
  cpu: { cpu: { quota: 100_000, period: 100_000 } },
  cpuset: { cpu: { cpus: '0' } },
  pids: { pids: { limit: 64 } },
  io: { blockIO: { weight: 100 } },
};

/** What cannot be done without a limit, and what it means. */
const COSTS: Readonly<Record<Limit, string>> = {
  memory: "memory limits can't be set: --memory is refused, and a container can take all the memory that there is",
  cpu: "CPU time can't be limited: --cpus and --cpu-shares are refused, and a container can take all CPUs",
  cpuset: "CPUs can't be chosen: --cpuset-cpus and --cpuset-mems are refused",
  pids: "the number of processes can't be limited: --pids-limit is refused, and a fork bomb takes the host's",
  io: "block I/O can't be limited: --io-weight and --device-… are refused",
};

const CONFIGS: Readonly<Record<Limit, string>> = {
  memory: 'CONFIG_MEMCG',
  cpu: 'CONFIG_CGROUP_SCHED and CONFIG_CFS_BANDWIDTH',
  cpuset: 'CONFIG_CPUSETS',
  pids: 'CONFIG_CGROUP_PIDS',
  io: 'CONFIG_BLK_CGROUP',
};

/** Which limits can be set. */
export function diagnoseLimits(facts: DoctorFacts): Group {
  const { hasSwap } = facts.host.cgroup;
  return {
    name: 'limits',
    summary: `${LIMITS.join(', ')}${hasSwap ? ', swap' : ''}`,
    findings: hasNoPlace(facts) ? [none(facts)] : [...LIMITS.map((limit) => diagnoseLimit(limit, facts)), swap(facts)],
  };
}

function hasNoPlace({ host: { cgroup } }: DoctorFacts): boolean {
  return cgroup.v2Base === undefined && LIMITS.every((limit) => whyRefused(limit, cgroup) !== undefined);
}

function none({ host: { cgroup } }: DoctorFacts): Finding {
  return {
    id: 'limits.none',
    status: 'missing',
    subject: 'all limits',
    detail: cgroup.problem?.text ?? 'this host has no cgroup that may be written',
    cost: '--memory, --cpus, --pids-limit and all the others are refused: a container can take all that there is',
    fixes: [{ what: 'see "a place for containers" above' }],
  };
}

function diagnoseLimit(limit: Limit, facts: DoctorFacts): Finding {
  const about = { id: `limits.${limit}`, subject: `${limit} limits` };
  const refusal = whyRefused(limit, facts.host.cgroup);
  if (refusal !== undefined) {
    const fixes = limitFixes(limit, facts);
    return { ...about, status: 'missing', detail: describeRefusal(refusal, fixes), cost: COSTS[limit], fixes };
  }
  const trial = facts.trials.limits[limit];
  const by = describeMeans(limit, facts.host.cgroup);
  if (trial === undefined)
    return { ...about, status: 'ok', detail: `${by}; not tried, since processes would be moved` };
  if (trial.ok) return { ...about, status: 'ok', detail: by };
  if (limit === 'memory' && isAboutSwap(trial)) {
    return { ...about, status: 'limited', detail: `${by}, with swap`, cost: 'only with --memory-swap max: see swap' };
  }
  return limit === 'io'
    ? ioWeight(about, by, trial)
    : { ...about, status: 'missing', ...said(trial), cost: COSTS[limit] };
}

// What systemd's files have to say is told as a fix, in a form that can be copied.
function describeRefusal({ message, hint }: UnsupportedError, fixes: readonly Fix[]): string {
  if (hint === undefined) return message;
  const isToldBelow = fixes.some(({ file }) => file === DELEGATE_FILE);
  return `${message}: ${isToldBelow ? (hint.split(': ')[0] ?? hint) : hint}`;
}

function describeMeans(limit: Limit, facts: CgroupFacts): string {
  if (selectDriver({ facts }) === 'systemd') return 'by cgroup v2, and as properties of the scope';
  return `by cgroup ${facts.v2Base?.controllers.includes(limit) === true ? 'v2' : 'v1'}`;
}

// Without BFQ or iocost there is no weight; rates can be limited all the same.
function ioWeight(about: Pick<Finding, 'id' | 'subject'>, by: string, trial: Extract<Trial, { ok: false }>): Finding {
  if (trial.code !== 'ENOENT') return { ...about, status: 'missing', ...said(trial), cost: COSTS.io };
  return {
    ...about,
    status: 'limited',
    detail: `${by}, but for weights: no disk has an I/O scheduler that knows them`,
    cost: '--io-weight is refused; --device-read-bps and the like work',
    fixes: [
      {
        what: 'give a disk the scheduler BFQ, as root',
        run: ['modprobe bfq', 'echo bfq > /sys/block/DISK/queue/scheduler'],
      },
    ],
  };
}

function said({ message, hint }: Extract<Trial, { ok: false }>): Pick<Finding, 'detail' | 'fixes'> {
  return { detail: message, ...(hint === undefined ? {} : { fixes: [{ what: hint }] }) };
}

/** What `corral run` would say to a limit, from what is known. */
function whyRefused(limit: Limit, facts: CgroupFacts): UnsupportedError | undefined {
  try {
    planCgroup({ id: 'doctor', facts, resources: RESOURCES[limit] });
    return undefined;
  } catch (error) {
    if (error instanceof UnsupportedError) return error;
    throw error;
  }
}

function limitFixes(limit: Limit, { host, system }: DoctorFacts): readonly Fix[] {
  const { layout, v2Base } = host.cgroup;
  const old = limit === 'io' ? 'blkio' : limit;
  if (layout.disabled.includes(old)) {
    const enable = old === 'memory' ? 'cgroup_enable=memory cgroup_memory=1' : `cgroup_enable=${old}`;
    return [setBootParameter(system, enable, `let the kernel have its ${old} controller`)];
  }
  const { controllers } = system.cgroup;
  if (layout.mode === 'unified' && controllers.length > 0 && !controllers.includes(limit)) {
    return [{ what: `boot a kernel that was built with ${CONFIGS[limit]}` }];
  }
  if (system.user.uid !== 0 && system.systemd.booted && layout.mode === 'unified') {
    const handedDown = system.systemd.delegated?.includes(limit) === true;
    return handedDown ? [{ what: 'see "a place for containers" above' }] : [delegateControllers(system.user.uid)];
  }
  return v2Base === undefined ? [{ what: 'see "a place for containers" above' }] : [];
}

function swap({ host: { cgroup }, system, trials }: DoctorFacts): Finding {
  const about = { id: 'limits.swap', subject: 'swap limits' };
  if (!cgroup.hasSwap) return { ...about, status: 'ok', detail: 'there is no swap to limit' };
  const { memory } = trials.limits;
  if (memory?.ok === true) return { ...about, status: 'ok', detail: 'the kernel accounts swap' };
  if (memory === undefined || !isAboutSwap(memory)) {
    return { ...about, status: 'ok', detail: 'not tried: it goes with memory limits' };
  }
  return {
    ...about,
    status: 'missing',
    detail: memory.hint ?? memory.message,
    cost: '--memory is refused, unless with --memory-swap max: a container that may swap only becomes slow',
    fixes: [
      setBootParameter(system, 'swapaccount=1', 'let the kernel account swap'),
      { what: 'or do without swap', run: ['swapoff -a'] },
    ],
  };
}

function isAboutSwap(trial: Trial): trial is Extract<Trial, { ok: false }> {
  return !trial.ok && /memsw|swap/.test(trial.message);
}
