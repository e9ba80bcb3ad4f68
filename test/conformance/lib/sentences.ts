import bundle from '../sentences/bundle.json' with { type: 'json' };
import config from '../sentences/config.json' with { type: 'json' };
import features from '../sentences/features.json' with { type: 'json' };
import linux from '../sentences/config-linux.json' with { type: 'json' };
import runtime from '../sentences/runtime.json' with { type: 'json' };

/** A sentence of the runtime-spec that says what a runtime does, or what it is given. */
export interface Sentence {
  /** Of the part that it is in. */
  readonly anchor: string;
  readonly text: string;
  /** Why no test of this suite can show it; absent: one does. */
  readonly untested?: string;
}

const SENTENCES = { ...bundle, ...config, ...linux, ...runtime, ...features } as const;

/** Names a sentence in the tests. */
export type Key = keyof typeof SENTENCES;

/** @returns all of them, in the order of the specification */
export function listSentences(): readonly (readonly [string, Sentence])[] {
  return Object.entries<Sentence>(SENTENCES);
}

export function readSentence(key: Key): Sentence {
  return SENTENCES[key];
}
