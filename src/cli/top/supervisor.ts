import { ConnectionError } from '../../errors/api-error.js';
import type { Client } from '../../supervisor/client/client.js';
import type { VerbContext } from '../verb.js';
import type { TopSupervisor } from './source.js';

/**
 * The supervisor of this user as a live view asks it: it may come and go meanwhile, and is never started for a look. Where there
 * is none, it has no containers.
 */
export class OptionalSupervisor implements TopSupervisor, Disposable {
  readonly #context: VerbContext;
  #client: Client | undefined;

  constructor(context: VerbContext) {
    this.#context = context;
  }

  async list(): ReturnType<TopSupervisor['list']> {
    try {
      return await (await this.#connect()).list();
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      this[Symbol.dispose]();
      return [];
    }
  }

  async kill(...words: Parameters<TopSupervisor['kill']>): ReturnType<TopSupervisor['kill']> {
    return (await this.#connect()).kill(...words);
  }

  async stop(...words: Parameters<TopSupervisor['stop']>): ReturnType<TopSupervisor['stop']> {
    return (await this.#connect()).stop(...words);
  }

  async pause(...words: Parameters<TopSupervisor['pause']>): ReturnType<TopSupervisor['pause']> {
    return (await this.#connect()).pause(...words);
  }

  async resume(...words: Parameters<TopSupervisor['resume']>): ReturnType<TopSupervisor['resume']> {
    return (await this.#connect()).resume(...words);
  }

  [Symbol.dispose](): void {
    this.#client?.close();
    this.#client = undefined;
  }

  async #connect(): Promise<Client> {
    if (this.#client !== undefined) return this.#client;
    const { connect } = await import('../../supervisor/connect.js');
    return (this.#client = await connect({ ...this.#context, start: false }));
  }
}
