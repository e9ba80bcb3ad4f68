import type { ArgKind, Step, StepName } from '../../../src/plan/steps.js';
import { STEPS } from '../../../src/plan/steps.js';

/** A plan, read back as corral-init reads it. Slots come back as their numbers, in words. */
export interface Decoded {
  readonly header: Readonly<Record<string, number>>;
  readonly steps: readonly Step[];
}

const HEADER = ['magic', 'version', 'size', 'stepCount', 'stepsOffset', 'fdCount', 'slotCount', 'faultStep'] as const;

export function decodePlan(plan: Uint8Array): Decoded {
  const view = new DataView(plan.buffer, plan.byteOffset, plan.byteLength);
  const header: Record<string, number> = { faultErrno: view.getInt32(32, true), reserved: view.getUint32(36, true) };
  for (const [index, name] of HEADER.entries()) header[name] = view.getUint32(index * 4, true);
  const start = header['stepsOffset']!;
  const steps = Array.from({ length: header['stepCount']! }, (_, index) => decodeStep(view, start + index * 72));
  return { header, steps };
}

function decodeStep(view: DataView, at: number): Step {
  const number = view.getUint32(at, true);
  const [op, { args }] = Object.entries(STEPS).find(([, definition]) => definition.number === number)!;
  const kinds = Object.entries(args) as [string, ArgKind][];
  if (view.getUint32(at + 4, true) !== kinds.length) throw new Error('wrong argument count');
  const values = kinds.map(([name, kind], index) => [
    name,
    decodeArgument(view, kind, view.getBigUint64(at + 8 + index * 8, true)),
  ]);
  return { op: op as StepName, ...Object.fromEntries(values) } as Step;
}

function decodeArgument(view: DataView, kind: ArgKind, raw: bigint): unknown {
  const words = (): number[] => {
    const count = view.getUint32(Number(raw), true);
    if (Number(raw) % 4 !== 0) throw new Error('a list is not aligned');
    return Array.from({ length: count }, (_, index) => view.getUint32(Number(raw) + 4 * (index + 1), true));
  };
  switch (kind) {
    case 'uint':
      return raw;
    case 'int':
      return Number(BigInt.asIntN(64, raw));
    case 'str':
      return decodeString(view, Number(raw));
    case 'strv':
      return words().map((offset) => decodeString(view, offset));
    case 'ids':
      return words();
    case 'bytes': {
      if (Number(raw) % 4 !== 0) throw new Error('bytes are not aligned');
      const start = view.byteOffset + Number(raw) + 4;
      return new Uint8Array(view.buffer.slice(start, start + view.getUint32(Number(raw), true)));
    }
    case 'fd':
      return raw === 0xffff_ffff_ffff_ffffn ? undefined : `slot ${String(raw)}`;
    case 'out':
      return `slot ${String(raw)}`;
  }
}

function decodeString(view: DataView, offset: number): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + offset);
  const end = bytes.indexOf(0);
  if (end < 0) throw new Error('a string has no end');
  return new TextDecoder().decode(bytes.subarray(0, end));
}
