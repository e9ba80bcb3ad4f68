/** What the kernel shows a filter: `struct seccomp_data`. */
export interface SeccompData {
  readonly number: number;
  /** AUDIT_ARCH_* */
  readonly architecture: number;
  /** Six, unsigned. */
  readonly args: readonly bigint[];
}

/** Lays the structure out as the kernel does. */
function encodeData({ number, architecture, args }: SeccompData): DataView {
  const view = new DataView(new ArrayBuffer(64));
  view.setUint32(0, number, true);
  view.setUint32(4, architecture, true);
  args.forEach((value, index) => {
    view.setBigUint64(16 + 8 * index, value, true);
  });
  return view;
}

/**
 * Runs a program of classic BPF, with the checks of the kernel's verifier on the way: only the instructions that seccomp
 * allows, only jumps forwards, an end that is a return.
 *
 * @returns what the filter returns, and how many instructions that took
 */
export function runFilter(
  program: Uint8Array,
  data: SeccompData,
): { readonly verdict: number; readonly steps: number } {
  const code = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const view = encodeData(data);
  let accumulator = 0;
  let steps = 0;
  for (let at = 0; ;) {
    if ((at + 1) * 8 > program.length) throw new Error(`instruction ${String(at)} is behind the end`);
    const opcode = code.getUint16(at * 8, true);
    const yes = code.getUint8(at * 8 + 2);
    const no = code.getUint8(at * 8 + 3);
    const k = code.getUint32(at * 8 + 4, true);
    steps++;
    const jump = (holds: boolean): void => {
      at += 1 + (holds ? yes : no);
    };
    switch (opcode) {
      case 0x20:
        if (k % 4 !== 0 || k >= 64) throw new Error(`load of offset ${String(k)}`);
        accumulator = view.getUint32(k, true);
        at++;
        break;
      case 0x54:
        accumulator = (accumulator & k) >>> 0;
        at++;
        break;
      case 0x05:
        at += 1 + k;
        break;
      case 0x15:
        jump(accumulator === k);
        break;
      case 0x25:
        jump(accumulator > k);
        break;
      case 0x35:
        jump(accumulator >= k);
        break;
      case 0x45:
        jump((accumulator & k) !== 0);
        break;
      case 0x06:
        return { verdict: k, steps };
      default:
        throw new Error(`opcode 0x${opcode.toString(16)} at ${String(at)}`);
    }
  }
}
