import { OptionError } from '../errors/option-error.js';
import { type ArgKind, type SlotName, type Step, STEPS } from './steps.js';

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
export const MAX_SLOTS = 128;

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
  if (steps.at(-1)?.op !== 'exec') throw new Error('the last step of a plan is exec');
  const slots = new SlotTable(content.fds);
  const data = new DataArea(HEADER_SIZE + steps.length * STEP_SIZE);
  const records = new DataView(new ArrayBuffer(steps.length * STEP_SIZE));
  for (const [index, step] of steps.entries()) writeStep(records, index * STEP_SIZE, step, { slots, data });
  const plan = new Uint8Array(data.end);
  const header = new DataView(plan.buffer);
  const fields = [MAGIC, VERSION, plan.length, steps.length, HEADER_SIZE, content.fds.length, slots.size];
  for (const [index, field] of fields.entries()) header.setUint32(index * 4, field, true);
  header.setUint32(28, content.fault?.step ?? NO_STEP, true);
  header.setInt32(32, content.fault?.errno ?? 0, true);
  plan.set(new Uint8Array(records.buffer), HEADER_SIZE);
  data.copyTo(plan);
  return plan;
}

interface Tables {
  readonly slots: SlotTable;
  readonly data: DataArea;
}

function writeStep(records: DataView, at: number, step: Step, tables: Tables): void {
  const { number, args } = STEPS[step.op];
  const entries = Object.entries(args) as [string, ArgKind][];
  records.setUint32(at, number, true);
  records.setUint32(at + 4, entries.length, true);
  for (const [index, [name, kind]] of entries.entries()) {
    const value: unknown = Reflect.get(step, name);
    records.setBigUint64(at + 8 + index * 8, encodeArgument(kind, value, `${step.op}.${name}`, tables), true);
  }
}

function encodeArgument(kind: ArgKind, value: unknown, where: string, { slots, data }: Tables): bigint {
  switch (kind) {
    case 'uint':
    case 'int':
      return BigInt.asUintN(64, BigInt(value as number | bigint));
    case 'str':
      return BigInt(data.addString(value as string, where));
    case 'strv': {
      const strings = value as readonly string[];
      return BigInt(data.addWords(strings.map((text, index) => data.addString(text, `${where}[${index}]`))));
    }
    case 'ids':
      return BigInt(data.addWords(value as readonly number[]));
    case 'fd':
      return value === undefined ? NO_SLOT : BigInt(slots.find(value as SlotName, where));
    case 'out':
      return BigInt(slots.fill(value as SlotName, where));
  }
}

/** Numbers the slots by name, and knows which are filled by the time of a step. */
class SlotTable {
  readonly #numbers = new Map<SlotName, number>();

  constructor(fds: readonly SlotName[]) {
    for (const name of fds) this.fill(name, 'fds');
  }

  get size(): number {
    return this.#numbers.size;
  }

  fill(name: SlotName, where: string): number {
    if (this.#numbers.has(name)) throw new Error(`${where}: slot ${name} is filled already`);
    const number = this.#numbers.size;
    if (number === MAX_SLOTS) throw new Error(`${where}: a plan has at most ${MAX_SLOTS} slots`);
    this.#numbers.set(name, number);
    return number;
  }

  find(name: SlotName, where: string): number {
    const number = this.#numbers.get(name);
    if (number === undefined) throw new Error(`${where}: no earlier step fills slot ${name}`);
    return number;
  }
}

/** The strings and lists behind the step records. Equal strings are stored once. */
class DataArea {
  readonly #offsets = new Map<string, number>();
  readonly #pieces: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  end: number;

  constructor(start: number) {
    this.end = start;
  }

  addString(text: string, where: string): number {
    const known = this.#offsets.get(text);
    if (known !== undefined) return known;
    if (text.includes('\0')) throw new OptionError(where, text, 'a string without NUL bytes');
    const bytes = new TextEncoder().encode(`${text}\0`);
    const offset = this.#add(bytes);
    this.#offsets.set(text, offset);
    return offset;
  }

  addWords(words: readonly number[]): number {
    this.end += (4 - (this.end % 4)) % 4;
    const bytes = new Uint8Array(4 * (words.length + 1));
    const view = new DataView(bytes.buffer);
    view.setUint32(0, words.length, true);
    for (const [index, word] of words.entries()) view.setUint32(4 * (index + 1), word, true);
    return this.#add(bytes);
  }

  /** Writes everything that was added to its place in the whole plan. */
  copyTo(plan: Uint8Array): void {
    for (const { offset, bytes } of this.#pieces) plan.set(bytes, offset);
  }

  #add(bytes: Uint8Array): number {
    const offset = this.end;
    this.#pieces.push({ offset, bytes });
    this.end += bytes.length;
    return offset;
  }
}
