import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isMissingFile } from '../../util/missing.js';
import { type ContainerRecord, type RecordChange, applyRecordChange, parseRecord } from './record.js';

/** A file of that length is written anew, with its sum only. */
const LONG = 64 * 1024;

/**
 * The file that says what a supervised container is and what has become of it: JSON, one document a line, of which later ones add to
 * earlier ones. A line is one write(2) at its end, so that whoever dies loses no more than what it was just about to say.
 */
export class RecordFile {
  readonly #path: string;
  #length: number;
  #record: ContainerRecord;
  /** What was last added is not in the file. */
  #isBehind = false;

  private constructor(path: string, length: number, record: ContainerRecord) {
    this.#path = path;
    this.#length = length;
    this.#record = record;
  }

  /** Makes the file of a new container. @param path - of which nothing is there */
  static create(path: string, record: ContainerRecord): RecordFile {
    const text = `${JSON.stringify(record)}\n`;
    // What somebody was told that it exists is there after a power loss, too.
    writeFileSync(path, text, { flag: 'ax', mode: 0o600, flush: true });
    return new RecordFile(path, Buffer.byteLength(text), record);
  }

  /** Opens the file of a container that is there. @returns `undefined` when it says nothing */
  static load(path: string): RecordFile | undefined {
    const text = readIfThere(path);
    const record = text === undefined ? undefined : parseRecord(text);
    if (text === undefined || record === undefined) return undefined;
    const file = new RecordFile(path, Buffer.byteLength(text), record);
    if (!text.endsWith('\n')) file.#rewrite();
    return file;
  }

  /** What it says in all. */
  get record(): ContainerRecord {
    return this.#record;
  }

  /**
   * Adds to it. Where that is refused, by a full disk above all, the container goes on without: it is tried again with the next
   * line, and told of once.
   */
  add(change: RecordChange): void {
    const { desired } = this.#record;
    this.#record = applyRecordChange(this.#record, change);
    try {
      if (this.#isBehind || this.#length > LONG) this.#rewrite();
      // What somebody wants it to be is known after a power loss, too. The rest follows from that, or is seen again.
      else this.#append(`${JSON.stringify(change)}\n`, this.#record.desired !== desired);
      this.#isBehind = false;
    } catch (error) {
      if (!this.#isBehind) process.emitWarning(error instanceof Error ? error.message : String(error), 'CORRAL_RECORD');
      this.#isBehind = true;
    }
  }

  #append(line: string, flush: boolean): void {
    appendFileSync(this.#path, line, { flush });
    this.#length += Buffer.byteLength(line);
  }

  #rewrite(): void {
    const next = `${this.#path}.new`;
    const text = `${JSON.stringify(this.#record)}\n`;
    writeFileSync(next, text, { mode: 0o600, flush: true });
    renameSync(next, this.#path);
    this.#length = Buffer.byteLength(text);
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissingFile(error)) return undefined;
    throw error;
  }
}
