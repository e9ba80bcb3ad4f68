/**
 * The few eBPF instructions that a device program is made of.
 *
 * @see Documentation/bpf/standardization/instruction-set.rst
 * @packageDocumentation
 */

/** One instruction of 8 bytes. */
export interface Instruction {
  readonly code: number;
  readonly destination: number;
  readonly source: number;
  /** Of memory, in bytes; of a jump, in instructions from the next one. */
  readonly offset: number;
  readonly immediate: number;
}

/** Opcodes. */
export const CODES = {
  /** LDX | MEM | W */
  load: 0x61,
  /** ALU64 | RSH | K */
  shiftRight: 0x77,
  /** ALU64 | AND | K */
  and: 0x57,
  /** ALU64 | MOV | K */
  move: 0xb7,
  /** JMP | JA */
  always: 0x05,
  /** JMP | JNE | K */
  'unless-equal': 0x55,
  /** JMP | JSET | K */
  'if-any-bit': 0x45,
  /** JMP | EXIT */
  exit: 0x95,
} as const;

/** What a device program returns to allow. */
export const ALLOW = 1;

const make = (code: number, parts: Partial<Instruction>): Instruction => ({
  code,
  destination: 0,
  source: 0,
  offset: 0,
  immediate: 0,
  ...parts,
});

/** Loads 32 bits. */
export const load = (destination: number, source: number, offset: number): Instruction =>
  make(CODES.load, { destination, source, offset });

export const shiftRight = (destination: number, immediate: number): Instruction =>
  make(CODES.shiftRight, { destination, immediate });

export const and = (destination: number, immediate: number): Instruction => make(CODES.and, { destination, immediate });

export const moveImmediate = (destination: number, immediate: number): Instruction =>
  make(CODES.move, { destination, immediate });

/** Jumps over `offset` instructions, on a condition about a register and a number. */
export const jump = (
  condition: 'always' | 'unless-equal' | 'if-any-bit',
  destination: number,
  immediate: number,
  offset: number,
): Instruction =>
  condition === 'always' ? make(CODES.always, { offset }) : make(CODES[condition], { destination, immediate, offset });

export const exit = (): Instruction => make(CODES.exit, {});

/** Size of an instruction in bytes. */
export const SIZE = 8;

/** Returns instructions as the kernel takes them, in the byte order of x86-64 and arm64. */
export function encode(instructions: readonly Instruction[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(instructions.length * SIZE));
  instructions.forEach(({ code, destination, source, offset, immediate }, index) => {
    const at = index * SIZE;
    view.setUint8(at, code);
    view.setUint8(at + 1, (source << 4) | destination);
    view.setInt16(at + 2, offset, true);
    view.setInt32(at + 4, immediate, true);
  });
  return new Uint8Array(view.buffer);
}
