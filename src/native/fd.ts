import { closeSync } from 'node:fs';

/** A descriptor with one owner: closed once, however many paths lead there. */
export class Fd implements Disposable {
  #number: number;

  constructor(number: number) {
    this.#number = number;
  }

  /** The descriptor's number. @throws Error after {@link Fd.close} or {@link Fd.take} */
  get number(): number {
    if (this.#number < 0) throw new Error('the descriptor is closed');
    return this.#number;
  }

  /** Tells whether it has still a descriptor. */
  get isOpen(): boolean {
    return this.#number >= 0;
  }

  /** Gives the descriptor away: this object closes it no more. */
  take(): number {
    const { number } = this;
    this.#number = -1;
    return number;
  }

  /** Closes the descriptor; a second time does nothing. */
  close(): void {
    if (this.#number < 0) return;
    const number = this.#number;
    this.#number = -1;
    closeSync(number);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
