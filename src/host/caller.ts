import { readFileSync } from 'node:fs';
import { capabilityMask } from '../util/linux.js';
import type { CallerFacts } from './facts.js';

/** What it takes to mount in the caller's user namespace and to map any of its ids. */
const PRIVILEGED = capabilityMask(['CAP_SYS_ADMIN', 'CAP_SETUID', 'CAP_SETGID', 'CAP_CHOWN', 'CAP_DAC_OVERRIDE']);

/** Reads who the caller is. @see proc_pid_status(5) */
export function readCaller(): CallerFacts {
  return parseStatus(readFileSync('/proc/self/status', 'utf8'));
}

/** Reads the ids and the effective capabilities from the text of /proc/PID/status. */
export function parseStatus(text: string): CallerFacts {
  const fields = new Map(
    text.split('\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
    }),
  );
  const capabilities = BigInt(`0x${fields.get('CapEff') ?? '0'}`);
  return {
    uid: effective(fields.get('Uid')),
    gid: effective(fields.get('Gid')),
    groups: (fields.get('Groups') ?? '')
      .split(' ')
      .filter((word) => word !== '')
      .map(Number),
    capabilities,
    privileged: (capabilities & PRIVILEGED) === PRIVILEGED,
  };
}

// Real, effective, saved and file system id.
function effective(field: string | undefined): number {
  return Number(field?.split('\t')[1] ?? 0);
}
