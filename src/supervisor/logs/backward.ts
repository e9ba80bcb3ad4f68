/** A line of a file. */
export interface FoundLine {
  /** Of its first byte. */
  readonly offset: number;
  /** Its bytes, without the newline. */
  readonly bytes: Buffer;
}

const CHUNK_BYTES = 64 * 1024;

const NEWLINE = 0x0a;

/** Splits a file into lines, the last one first. It does not read: it is given what it asks for. */
export class BackwardLines {
  /** Where the part begins that was given. */
  #offset: number;
  /** The beginning of that part, up to and with its first newline: the line may have begun before. */
  #rest: Buffer = Buffer.alloc(0);
  #wholeEnd: number | undefined;

  /** @param length - of the file, bytes */
  constructor(length: number) {
    this.#offset = length;
  }

  /** Which part of the file is wanted next; `undefined` when all was given. */
  get wanted(): { readonly offset: number; readonly length: number } | undefined {
    const length = Math.min(CHUNK_BYTES, this.#offset);
    return length === 0 ? undefined : { offset: this.#offset - length, length };
  }

  /** Where the last whole line ends; `undefined` when none was seen. What is behind it is half a line. */
  get wholeEnd(): number | undefined {
    return this.#wholeEnd;
  }

  /**
   * Takes the part that was wanted.
   *
   * @returns the lines that begin in it, the last one first
   */
  feed(chunk: Buffer): readonly FoundLine[] {
    this.#offset -= chunk.length;
    const bytes = Buffer.concat([chunk, this.#rest]);
    let end = bytes.lastIndexOf(NEWLINE) + 1;
    if (end > 0) this.#wholeEnd ??= this.#offset + end;
    const lines: FoundLine[] = [];
    while (end > 0) {
      const before = end < 2 ? -1 : bytes.lastIndexOf(NEWLINE, end - 2);
      if (before < 0 && this.#offset > 0) break;
      lines.push({ offset: this.#offset + before + 1, bytes: bytes.subarray(before + 1, end - 1) });
      end = before + 1;
    }
    // Half a line at the end of the file is nobody's.
    this.#rest = this.#wholeEnd === undefined ? Buffer.alloc(0) : Buffer.from(bytes.subarray(0, end));
    return lines;
  }
}

/** Finds where the last lines of a file begin, that may be of any length. It does not read, either. */
export class BackwardCount {
  #offset: number;
  #missing: number;
  #found: number | undefined;
  readonly #length: number;

  /**
   * @param length - of the file, bytes
   * @param lines - how many are wanted; what is behind the last newline is one, too
   */
  constructor(length: number, lines: number) {
    this.#length = length;
    this.#offset = length;
    this.#missing = lines;
    if (lines === 0) this.#found = length;
  }

  /** Which part of the file is wanted next; `undefined` when there is an answer. */
  get wanted(): { readonly offset: number; readonly length: number } | undefined {
    const length = Math.min(CHUNK_BYTES, this.#offset);
    return length === 0 || this.#found !== undefined ? undefined : { offset: this.#offset - length, length };
  }

  /** Where the lines begin. */
  get start(): number {
    return this.#found ?? 0;
  }

  /** Takes the part that was wanted. */
  feed(chunk: Buffer): void {
    this.#offset -= chunk.length;
    let at = chunk.length;
    while (at > 0) {
      at = chunk.lastIndexOf(NEWLINE, at - 1);
      if (at < 0) return;
      const behind = this.#offset + at + 1;
      // The newline at the very end belongs to the last line.
      if (behind === this.#length) continue;
      this.#missing -= 1;
      if (this.#missing > 0) continue;
      this.#found = behind;
      return;
    }
  }
}
