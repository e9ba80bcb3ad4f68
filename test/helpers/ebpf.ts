import { CODES, SIZE } from '../../src/cgroup/v2/devices/instructions.js';

/** What a device program is asked about: the kernel's `struct bpf_cgroup_dev_ctx`, with the type and the access apart. */
export interface DeviceAccess {
  readonly type: number;
  readonly access: number;
  readonly major: number;
  readonly minor: number;
}

const NAMES = new Map(Object.entries(CODES).map(([name, code]) => [code as number, name as keyof typeof CODES]));

/**
 * Runs a device program as the kernel would: 64-bit registers, 32-bit loads from the context, jumps forwards only.
 *
 * @throws Error for what the verifier refuses: an unknown instruction, a register that was never written, a jump or an end
 * outside of the program
 */
export function runDeviceProgram(program: Uint8Array, { type, access, major, minor }: DeviceAccess): number {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const context = [(BigInt(access) << 16n) | BigInt(type), BigInt(major), BigInt(minor)];
  const registers: (bigint | undefined)[] = [undefined, 0n];
  const get = (register: number): bigint => {
    const value = registers[register];
    if (value === undefined) throw new Error(`r${register} was never written`);
    return value;
  };
  for (let at = 0; at < program.length / SIZE; at++) {
    const base = at * SIZE;
    const [destination, source] = [view.getUint8(base + 1) & 15, view.getUint8(base + 1) >> 4];
    const offset = view.getInt16(base + 2, true);
    const immediate = BigInt.asUintN(64, BigInt(view.getInt32(base + 4, true)));
    const jump = (isTaken: boolean): void => {
      if (offset < 0) throw new Error('a jump backwards');
      if (isTaken) at += offset;
    };
    switch (NAMES.get(view.getUint8(base))) {
      case 'load':
        if (source !== 1) throw new Error('a load from elsewhere');
        registers[destination] = context[offset / 4];
        break;
      case 'shiftRight':
        registers[destination] = get(destination) >> immediate;
        break;
      case 'and':
        registers[destination] = get(destination) & immediate;
        break;
      case 'move':
        registers[destination] = immediate;
        break;
      case 'always':
        jump(true);
        break;
      case 'unless-equal':
        jump(get(destination) !== immediate);
        break;
      case 'if-any-bit':
        jump((get(destination) & immediate) !== 0n);
        break;
      case 'exit':
        return Number(get(0));
      case undefined:
        throw new Error(`unknown instruction ${view.getUint8(base)}`);
    }
  }
  throw new Error('the end was passed');
}

/** Returns the instructions that no path reaches: the verifier refuses a program that has any. */
export function listUnreachable(program: Uint8Array): readonly number[] {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const reached = new Set<number>();
  const pending = [0];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (reached.has(at) || at >= program.length / SIZE) continue;
    reached.add(at);
    const name = NAMES.get(view.getUint8(at * SIZE));
    const target = at + 1 + view.getInt16(at * SIZE + 2, true);
    if (name === 'exit') continue;
    if (name !== 'always') pending.push(at + 1);
    if (name === 'always' || name === 'unless-equal' || name === 'if-any-bit') pending.push(target);
  }
  return Array.from({ length: program.length / SIZE }, (_, index) => index).filter((index) => !reached.has(index));
}
