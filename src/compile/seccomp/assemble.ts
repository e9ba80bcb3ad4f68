import type { Comparison, Graph, Node } from './graph.js';

/** Of `struct sock_filter`. */
const INSTRUCTION_SIZE = 8;

/** BPF_MAXINSNS: the kernel takes no longer program. */
export const MAX_INSTRUCTIONS = 4096;

/** The operations of classic BPF that a filter has. @see linux/bpf_common.h */
const CODE = { load: 0x20, and: 0x54, jumpAlways: 0x05, return: 0x06 } as const;

const JUMPS: Readonly<Record<Comparison, number>> = { equal: 0x15, greater: 0x25, 'greater-or-equal': 0x35 };

/** How far a comparison can jump. */
const REACH = 255;

interface Instruction {
  readonly code: number;
  readonly k: number;
  readonly yes?: number;
  readonly no?: number;
}

/**
 * Turns a graph into a program.
 *
 * @returns the bytes of `struct sock_filter[]`, little-endian; `undefined` when there are more than {@link MAX_INSTRUCTIONS}
 */
export function assemble(graph: Graph, root: Node): Uint8Array | undefined {
  const order = graph.order(root);
  // Each node is an instruction at least.
  return order.length > MAX_INSTRUCTIONS ? undefined : new Assembler(graph).run(order);
}

/** Works from the end of the program to its start, since all jumps go forwards: their targets are there already. */
class Assembler {
  readonly #graph: Graph;
  /** The last instruction first. */
  readonly #code: Instruction[] = [];
  /** Where a node, or a jump to it, stands in that list. */
  readonly #places = new Map<Node, number>();

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  run(order: readonly Node[]): Uint8Array | undefined {
    for (const node of order) this.#place(node);
    const { length } = this.#code;
    if (length > MAX_INSTRUCTIONS) return undefined;
    const bytes = new Uint8Array(length * INSTRUCTION_SIZE);
    const view = new DataView(bytes.buffer);
    this.#code.reverse().forEach(({ code, k, yes = 0, no = 0 }, index) => {
      const at = index * INSTRUCTION_SIZE;
      view.setUint16(at, code, true);
      view.setUint8(at + 2, yes);
      view.setUint8(at + 3, no);
      view.setUint32(at + 4, k, true);
    });
    return bytes;
  }

  #place(node: Node): void {
    const operation = this.#graph.at(node);
    switch (operation.kind) {
      case 'return':
        this.#push(node, { code: CODE.return, k: operation.value });
        break;
      case 'load':
      case 'and':
        if (this.#distance(operation.next) > 0) this.#bringNear(operation.next);
        this.#push(
          node,
          operation.kind === 'load' ? { code: CODE.load, k: operation.offset } : { code: CODE.and, k: operation.mask },
        );
        break;
      case 'jump':
        this.#placeJump(node, operation);
    }
  }

  #placeJump(node: Node, operation: Extract<ReturnType<Graph['at']>, { kind: 'jump' }>): void {
    const { comparison, value, yes, no } = operation;
    // What brings one near moves the other one instruction away.
    while (this.#distance(yes) > REACH || this.#distance(no) > REACH) {
      this.#bringNear(this.#distance(yes) > REACH ? yes : no);
    }
    this.#push(node, { code: JUMPS[comparison], k: value, yes: this.#distance(yes), no: this.#distance(no) });
  }

  /** How many instructions there are between the next one and the node. */
  #distance(node: Node): number {
    return this.#code.length - 1 - (this.#places.get(node) ?? 0);
  }

  // A return once more costs no more than a jump to it.
  #bringNear(node: Node): void {
    const operation = this.#graph.at(node);
    const instruction =
      operation.kind === 'return'
        ? { code: CODE.return, k: operation.value }
        : { code: CODE.jumpAlways, k: this.#distance(node) };
    this.#push(node, instruction);
  }

  #push(node: Node, instruction: Instruction): void {
    this.#places.set(node, this.#code.length);
    this.#code.push(instruction);
  }
}
