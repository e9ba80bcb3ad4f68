import { compile } from '../../src/compile/compile.js';
import { isContainerError } from '../../src/errors/container-error.js';
import { encodePlan } from '../../src/plan/encode.js';
import { type ArgKind, FINAL_STEPS, STEPS, type Step, type StepName } from '../../src/plan/steps.js';
import { parseConfig } from '../../src/spec/config/config.js';
import { ENGINE_CONFIGS, readFixture } from '../helpers/configs.js';
import { HOSTS, readFacts } from '../helpers/golden-hosts.js';

/** Inputs to begin with for the targets of native/fuzz, by name. */
export const SEEDS: Readonly<Record<string, () => ReadonlyMap<string, Uint8Array>>> = {
  plan: planSeeds,
  receive: () => new Map([...planSeeds()].map(([name, plan]) => [name, toPackets(plan)])),
  passwd: passwdSeeds,
};

/**
 * Returns encoded plans: one for each step that there is, and those of engines' configurations on the hosts of the golden tests.
 * They are made anew each time, so that they are never of an older table of steps.
 */
function planSeeds(): ReadonlyMap<string, Uint8Array> {
  const steps = Object.keys(STEPS) as StepName[];
  return new Map([
    ...steps.map((op) => [`step-${op}`, encodePlan(planOf(op))] as const),
    ...HOSTS.flatMap((host) => ENGINE_CONFIGS.flatMap((name) => encodeParts(name, host))),
  ]);
}

/** A plan with nothing but one step, and what it takes to be a plan. */
function planOf(op: StepName): { readonly fds: readonly string[]; readonly steps: readonly Step[] } {
  const args = Object.entries<ArgKind>(STEPS[op].args).map(([name, kind]) => [name, valueOf(kind, name)] as const);
  const step = { op, ...Object.fromEntries(args) } as Step;
  const last: Step = { op: 'exec', argv: ['sh', '-c', 'true'], environment: ['A=b'] };
  return { fds: ['report', 'root', 'other'], steps: FINAL_STEPS.includes(op) ? [step] : [step, last] };
}

function valueOf(kind: ArgKind, name: string): unknown {
  const values: Readonly<Record<ArgKind, unknown>> = {
    uint: 4095,
    int: -1,
    str: `/${name}`,
    strv: ['a', '', 'c=d'],
    ids: [0, 1, 4294967295],
    bytes: Uint8Array.of(6, 0, 0, 0, 0, 0, 255, 127),
    fd: 'root',
    out: name,
  };
  return values[kind];
}

/** What a host cannot run has no plan. */
function encodeParts(name: string, host: string): readonly (readonly [string, Uint8Array])[] {
  try {
    const { spec } = parseConfig(readFixture(name), '/bundle');
    const { fds, steps, prelude = [], namespaces = [] } = compile('box', spec, readFacts(host));
    const joined = ['report', ...namespaces.map(({ slot }) => slot)];
    return [
      [`${host}-${name}`, encodePlan({ fds: fds.map(({ slot }) => slot), steps })],
      ...(prelude.length === 0
        ? []
        : [[`${host}-${name}-prelude`, encodePlan({ fds: joined, steps: prelude })] as const]),
    ];
  } catch (error) {
    if (isContainerError(error)) return [];
    throw error;
  }
}

/** A plan in two packets, with its descriptors on the first: a byte for their number, two for the length. */
function toPackets(plan: Uint8Array): Uint8Array {
  const fdCount = new DataView(plan.buffer, plan.byteOffset).getUint32(20, true);
  const half = Math.min(plan.length >> 1, MAX_PACKET);
  const packet = (fds: number, bytes: Uint8Array): readonly Uint8Array[] => [
    Uint8Array.of(fds, bytes.length & 0xff, bytes.length >> 8),
    bytes,
  ];
  const rest = plan.subarray(half, half + MAX_PACKET);
  return Buffer.concat([...packet(fdCount, plan.subarray(0, half)), ...packet(0, rest)]);
}

const MAX_PACKET = 0xffff;

function passwdSeeds(): ReadonlyMap<string, Uint8Array> {
  const file = (uid: number, text: string): Uint8Array => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(uid);
    return Buffer.concat([bytes, Buffer.from(text)]);
  };
  return new Map([
    ['found', file(1000, 'root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n')],
    ['last', file(0, 'ann:x:1000:1000::/home/ann:/bin/sh\nroot:x:0:0:root:/root')],
    ['odd', file(4294967295, ':\n\n::::::\n-:x:-1::::\na:x:0x10:::/x:\nb:x:4294967295:::/b:\n')],
  ]);
}
