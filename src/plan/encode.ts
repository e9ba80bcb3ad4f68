import { OptionError } from '../errors/option-error.js';
import { type ArgKind, type SlotName, FINAL_STEPS, type Step, STEPS } from './steps.js';

/** What goes into one plan. */
export interface PlanContent {
  /** The slots that the parent fills, in the order in which the descriptors ride along; the first is `report`. */
  readonly fds: readonly SlotName[];
  readonly steps: readonly Step[];
  /** For tests: the step of this index fails with this errno, instead of being run. */
  readonly fault?: { readonly step: number; readonly errno: number };
}

const MAGIC = 0x4c505243;
const VERSION = 1;
const HEADER_SIZE = 40;
const STEP_SIZE = 72;
const NO_STEP = 0xffffffff;
const NO_SLOT = 0xffff_ffff_ffff_ffffn;

/** How many descriptors a plan may use in all. */
export const MAX_SLOTS = 1024;

/**
 * Turns steps into the bytes that corral-init reads; `docs/launch-plan.md` describes them.
 *
 * @returns the whole plan
 * @throws {@link OptionError} for a string with a NUL byte in it, named by its step and argument: `exec.argv[1]`
 * @throws Error for a slot that no earlier step fills, and for other mistakes in the list of steps
 */
export function encodePlan(content: PlanContent): Uint8Array {
  const { steps } = content;
  if (content.fds[0] !== 'report') throw new Error('the first descriptor of a plan is the report page');
  const last = steps.at(-1)?.op;
  if (last === undefined || !FINAL_STEPS.includes(last)) throw new Error('the last step of a plan is exec');
  const slots = new SlotTable(content.fds);
  const plan = new PlanBuffer(HEADER_SIZE + steps.length * STEP_SIZE);
  let at = HEADER_SIZE;
  for (const step of steps) {
    writeStep(plan, at, step, slots);
    at += STEP_SIZE;
  }
  const fields = [MAGIC, VERSION, plan.end, steps.length, HEADER_SIZE, content.fds.length, slots.size];
  fields.forEach((field, index) => {
    plan.setUint32(index * 4, field);
  });
  plan.setUint32(28, content.fault?.step ?? NO_STEP);
  plan.setUint32(32, (content.fault?.errno ?? 0) >>> 0);
  return plan.bytes();
}

// The table once more, in the shape that the loop over the steps wants: it is on the way of every start.
const SHAPES: ReadonlyMap<string, { readonly number: number; readonly args: readonly (readonly [string, ArgKind])[] }> =
  new Map(Object.entries(STEPS).map(([op, { number, args }]) => [op, { number, args: Object.entries(args) }]));

function writeStep(plan: PlanBuffer, at: number, step: Step, slots: SlotTable): void {
  const shape = SHAPES.get(step.op);
  if (shape === undefined) throw new Error(`there is no step ${step.op}`);
  plan.setUint32(at, shape.number);
  plan.setUint32(at + 4, shape.args.length);
  let field = at + 8;
  for (const [name, kind] of shape.args) {
    writeArgument({ plan, at: field, slots, where: () => `${step.op}.${name}` }, kind, Reflect.get(step, name));
    field += 8;
  }
}

interface Place {
  readonly plan: PlanBuffer;
  readonly at: number;
  readonly slots: SlotTable;
  /** What the argument is called, for errors. */
  readonly where: () => string;
}

function writeArgument({ plan, at, slots, where }: Place, kind: ArgKind, value: unknown): void {
  switch (kind) {
    case 'uint':
    case 'int':
      plan.setUint64(at, value as number | bigint);
      break;
    case 'str':
      plan.setUint64(at, plan.addString(value as string, where));
      break;
    case 'strv': {
      const strings = value as readonly string[];
      const offsets = strings.map((text, index) => plan.addString(text, () => `${where()}[${String(index)}]`));
      plan.setUint64(at, plan.addWords(offsets));
      break;
    }
    case 'ids':
      plan.setUint64(at, plan.addWords(value as readonly number[]));
      break;
    case 'bytes':
      plan.setUint64(at, plan.addBytes(value as Uint8Array));
      break;
    case 'fd':
      plan.setUint64(at, value === undefined ? NO_SLOT : slots.find(value as SlotName, where));
      break;
    case 'out':
      plan.setUint64(at, slots.fill(value as SlotName, where));
  }
}

/** Numbers the slots by name, and knows which are filled by the time of a step. */
class SlotTable {
  readonly #numbers = new Map<SlotName, number>();

  constructor(fds: readonly SlotName[]) {
    for (const name of fds) this.fill(name, () => 'fds');
  }

  get size(): number {
    return this.#numbers.size;
  }

  fill(name: SlotName, where: () => string): number {
    if (this.#numbers.has(name)) throw new Error(`${where()}: slot ${name} is filled already`);
    const number = this.#numbers.size;
    if (number === MAX_SLOTS) throw new Error(`${where()}: a plan has at most ${String(MAX_SLOTS)} slots`);
    this.#numbers.set(name, number);
    return number;
  }

  find(name: SlotName, where: () => string): number {
    const number = this.#numbers.get(name);
    if (number === undefined) throw new Error(`${where()}: no earlier step fills slot ${name}`);
    return number;
  }
}

/** The bytes of a plan: the header and the records at the front, and behind them the strings and lists, each string once. */
class PlanBuffer {
  readonly #offsets = new Map<string, number>();
  #buffer: Buffer;
  #view: DataView;
  end: number;

  /** @param fixed - the size of what is at the front */
  constructor(fixed: number) {
    this.end = fixed;
    this.#buffer = Buffer.alloc(fixed + TYPICAL_DATA_SIZE);
    this.#view = viewOf(this.#buffer);
  }

  setUint32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  setUint64(at: number, value: number | bigint): void {
    if (typeof value === 'bigint' || value < 0) {
      this.#view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), true);
      return;
    }
    this.#view.setUint32(at, value >>> 0, true);
    this.#view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
  }

  /** @returns where the string is, with a NUL byte behind it */
  addString(text: string, where: () => string): number {
    const known = this.#offsets.get(text);
    if (known !== undefined) return known;
    if (text.includes('\0')) throw new OptionError(where(), text, 'a string without NUL bytes');
    this.#reserve(text.length * MAX_UTF8_BYTES + 1);
    const offset = this.end;
    this.end = offset + this.#buffer.write(text, offset);
    this.#buffer[this.end++] = 0;
    this.#offsets.set(text, offset);
    return offset;
  }

  /** @returns where the list is: its length, and the words */
  addWords(words: readonly number[]): number {
    this.end += (4 - (this.end % 4)) % 4;
    this.#reserve(4 * (words.length + 1));
    const offset = this.end;
    this.setUint32(offset, words.length);
    for (const word of words) this.setUint32((this.end += 4), word);
    this.end += 4;
    return offset;
  }

  /** @returns where the bytes are: their number, and they */
  addBytes(bytes: Uint8Array): number {
    this.end += (4 - (this.end % 4)) % 4;
    this.#reserve(4 + bytes.length);
    const offset = this.end;
    this.setUint32(offset, bytes.length);
    this.#buffer.set(bytes, offset + 4);
    this.end += 4 + bytes.length;
    return offset;
  }

  /** Returns what was written. */
  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.end);
  }

  #reserve(bytes: number): void {
    if (this.end + bytes <= this.#buffer.length) return;
    const larger = Buffer.alloc(2 * this.#buffer.length + bytes);
    this.#buffer.copy(larger);
    this.#buffer = larger;
    this.#view = viewOf(larger);
  }
}

/** Most plans' strings and lists fit. */
const TYPICAL_DATA_SIZE = 16_384;

/** Of one UTF-16 code unit. */
const MAX_UTF8_BYTES = 3;

function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
