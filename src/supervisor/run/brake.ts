import type { Container } from '../../container/container.js';

/** Holds a container still for as long as somebody wants it. */
export class Brake {
  readonly #container: Pick<Container, 'pause' | 'resume'>;
  #isPaused: boolean;
  /** The last change: one after the other. */
  #tail: Promise<unknown> = Promise.resolve();

  /** @param isPaused - it stands still already */
  constructor(container: Pick<Container, 'pause' | 'resume'>, isPaused = false) {
    this.#container = container;
    this.#isPaused = isPaused;
  }

  /** Tells whether somebody wants it to stand still. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Holds it. @returns `false` when it was held already @throws as {@link Container.pause} does */
  async on(): Promise<boolean> {
    return this.#change(async () => {
      if (this.#isPaused) return false;
      await this.#container.pause();
      this.#isPaused = true;
      return true;
    });
  }

  /** Lets it go on. @returns `false` when it was not held @throws as {@link Container.resume} does */
  async off(): Promise<boolean> {
    return this.#change(async () => {
      if (!this.#isPaused) return false;
      await this.#container.resume();
      this.#isPaused = false;
      return true;
    });
  }

  #change<T>(act: () => Promise<T>): Promise<T> {
    const next = this.#tail.then(act);
    this.#tail = next.catch(() => undefined);
    return next;
  }
}
