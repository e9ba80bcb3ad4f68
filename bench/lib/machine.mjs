// What a result must be read with: the machine, without its name.
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';

/** @param {readonly { name: string, version: string }[]} peers */
export function describeMachine(peers) {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    peers: Object.fromEntries(peers.map(({ name, version }) => [name, version])),
  };
}

/** Names a machine for a file: `2-core-6.18`. */
export function machineLabel({ cores, kernel }) {
  return `${cores}-core-${kernel.split('.').slice(0, 2).join('.')}`;
}

/** The processes that ran or wanted to, on average over the last minute; and the share of the time that something waited. */
export function readLoad() {
  return { loadAverage: Number(loadavg()[0].toFixed(2)), cpuPressure: readPressure() };
}

function readPressure() {
  try {
    return Number(/avg10=([\d.]+)/.exec(readFileSync('/proc/pressure/cpu', 'utf8'))[1]);
  } catch {
    return null; // the kernel counts none
  }
}

/** What is said about a load, or nothing where the machine is quiet. */
export function loadWarning({ loadAverage }, cores) {
  if (loadAverage <= cores * 0.25) return undefined;
  return `the machine is busy (load average ${loadAverage} on ${cores} cores): ratios are worth more than times`;
}
