import type { Diagnosis, DoctorFacts } from '../../doctor/types.js';
import { formatDiagnosis, formatHost } from '../doctor-report.js';
import { EXIT } from '../exit-codes.js';
import { readVersion } from '../help.js';
import { outputWidth, printJson, printOut } from '../print.js';
import { painter } from '../style.js';
import type { Verb, VerbCall } from '../verb.js';

interface DoctorFlags {
  readonly verbose?: true;
  readonly json?: true;
}

const NOTES = `It reads what there is to read, and tries the rest in processes, cgroups and
containers of its own, which are gone afterwards. It changes nothing, and needs
no privileges: it tells what you can do. docs/doctor.md explains each finding.

Exit code:
  0  containers can be run here, even if not with everything
  1  they cannot`;

/** `corral doctor` */
export const doctor: Verb = {
  operands: '',
  description: 'Says what works on this host and what does not, what that costs you, and how to get it.',
  flags: {
    verbose: { flags: '-v, --verbose', help: 'tell of what works, too', group: 'Output', value: true },
    json: { flags: '--json', help: 'as JSON, with everything', group: 'Output', value: true },
  },
  notes: NOTES,
  examples: [
    ['corral doctor', 'what is lacking, if anything'],
    [`corral doctor --json | jq '.findings[] | select(.status != "ok")'`, 'for programs'],
  ],
  act: examineHost,
};

async function examineHost({ options, context }: VerbCall<DoctorFlags>): Promise<number> {
  const { examine } = await import('../../doctor/examine.js');
  const { facts, diagnosis } = await examine(context.stateDir === undefined ? {} : { stateDir: context.stateDir });
  if (options.json === true) printJson(toJson(facts, diagnosis));
  else {
    const look = { paint: painter(1), width: outputWidth(), verbose: options.verbose === true };
    printOut(formatHost(facts.system, readVersion()) + formatDiagnosis(diagnosis, look));
  }
  return diagnosis.runs ? EXIT.ok : EXIT.failure;
}

function toJson({ system, host, trials }: DoctorFacts, { runs, verdict, groups }: Diagnosis): object {
  const { startedMs, goneMs } = trials.container.ok ? trials.container : {};
  return {
    version: readVersion(),
    runs,
    verdict,
    host: {
      kernel: system.release,
      distribution: system.distribution.name,
      node: process.versions.node,
      arch: process.arch,
      inside: system.inside ?? null,
      uid: host.caller.uid,
      privileged: host.caller.privileged,
      cgroupMode: host.cgroup.layout.mode,
      securityModules: system.lsm.active ?? null,
    },
    findings: groups.flatMap(({ name, findings }) => findings.map((finding) => ({ group: name, ...finding }))),
    ...(startedMs === undefined ? {} : { proof: { startedMs, goneMs } }),
  };
}
