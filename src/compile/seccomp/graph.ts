/** A node of a {@link Graph}. */
export type Node = number;

/** How the accumulator is compared with a constant. All numbers are unsigned. */
export type Comparison = 'equal' | 'greater' | 'greater-or-equal';

/** What a node does. */
export type Operation =
  | { readonly kind: 'return'; readonly value: number }
  /** Loads a word of `struct seccomp_data`, by its offset. */
  | { readonly kind: 'load'; readonly offset: number; readonly next: Node }
  | { readonly kind: 'and'; readonly mask: number; readonly next: Node }
  | {
      readonly kind: 'jump';
      readonly comparison: Comparison;
      readonly value: number;
      readonly yes: Node;
      readonly no: Node;
    };

/**
 * A program without loops, as a graph: every node knows where it goes on. Equal parts are one node, however often they are
 * asked for, so that a filter with the same rules for a hundred system calls has them once.
 */
export class Graph {
  readonly #operations: Operation[] = [];
  readonly #known = new Map<string, Node>();

  return(value: number): Node {
    return this.#add(`r${String(value)}`, { kind: 'return', value });
  }

  load(offset: number, next: Node): Node {
    return this.#add(`l${String(offset)} ${String(next)}`, { kind: 'load', offset, next });
  }

  and(mask: number, next: Node): Node {
    return this.#add(`a${String(mask)} ${String(next)}`, { kind: 'and', mask, next });
  }

  jump(comparison: Comparison, value: number, yes: Node, no: Node): Node {
    if (yes === no) return yes;
    const key = `${comparison}${String(value)} ${String(yes)} ${String(no)}`;
    return this.#add(key, { kind: 'jump', comparison, value, yes, no });
  }

  /** Returns where to go on when the accumulator already holds the word at `offset`: behind a load of it. */
  skipLoad(node: Node, offset: number): Node {
    const operation = this.at(node);
    return operation.kind === 'load' && operation.offset === offset ? operation.next : node;
  }

  at(node: Node): Operation {
    const operation = this.#operations[node];
    if (operation === undefined) throw new Error(`there is no node ${String(node)}`);
    return operation;
  }

  /** Returns the nodes that can be reached, each after those where it goes on; without recursion, as paths can be long. */
  order(root: Node): readonly Node[] {
    const order = new Set<Node>();
    const waiting = [root];
    for (let node = waiting.at(-1); node !== undefined; node = waiting.at(-1)) {
      const missing = this.#next(node).filter((next) => !order.has(next));
      waiting.push(...missing);
      if (missing.length > 0) continue;
      order.add(node);
      waiting.pop();
    }
    return [...order];
  }

  // The one that is to be near comes first: it is then the last to be placed.
  #next(node: Node): readonly Node[] {
    const operation = this.at(node);
    if (operation.kind === 'return') return [];
    return operation.kind === 'jump' ? [operation.no, operation.yes] : [operation.next];
  }

  #add(key: string, operation: Operation): Node {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, this.#operations.length);
    return this.#operations.push(operation) - 1;
  }
}
