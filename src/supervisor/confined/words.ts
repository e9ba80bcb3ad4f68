import type { SupervisedDetails } from '../face.js';
import type { SupervisedEvent } from '../events.js';
import type { SupervisedInfo } from '../types.js';
import type { Origin } from './origin.js';

/** Whatever the supervisor says of a container, in the words of those inside. */
export interface Translation {
  readonly id: string;
  readonly origin: Origin;
}

/**
 * Puts an error into the words of those inside: their name of the container, and no path of the host's cgroups.
 *
 * @param directories - the supervisor's own, of which nobody inside is told
 * @returns the same error
 */
export function translateError(
  error: unknown,
  translations: readonly Translation[],
  directories: readonly string[] = [],
): unknown {
  if (!(error instanceof Error)) return error;
  const fields = error as unknown as Record<string, unknown>;
  for (const name of ['message', 'hint', 'id', 'action', 'cgroup', 'path', 'value']) {
    const value = fields[name];
    if (typeof value === 'string') fields[name] = hide(translate(value, translations), directories);
  }
  return error;
}

function hide(text: string, directories: readonly string[]): string {
  return directories.reduce(
    (said, directory) => said.replaceAll(`${directory}/`, '').replaceAll(directory, 'the directory of the supervisor'),
    text,
  );
}

function translate(text: string, translations: readonly Translation[]): string {
  return translations.reduce(
    (said, { id, origin }) =>
      said.replaceAll(id, origin.name).replaceAll(`${origin.base}/`, '').replaceAll(origin.base, 'your own cgroup'),
    text,
  );
}

/** Returns what a list shows of a container. @param pid - what the caller calls its main process */
export function translateInfo<T extends SupervisedInfo>(info: T, { origin }: Translation, pid: number | undefined): T {
  const { pid: _, lastEnd, ...rest } = info;
  return {
    ...rest,
    id: origin.name,
    ...(pid === undefined ? {} : { pid }),
    ...(lastEnd === undefined
      ? {}
      : {
          lastEnd:
            lastEnd.error === undefined
              ? lastEnd
              : { ...lastEnd, error: translate(lastEnd.error, [{ id: info.id, origin }]) },
        }),
  } as unknown as T;
}

/** Returns what is known of a container, without what is the host's: its cgroups, its spec, its files. */
export function translateDetails(
  { container: _, logPath: __, options, ...info }: SupervisedDetails,
  translation: Translation,
  pid: number | undefined,
): SupervisedDetails {
  const { origin: ___, ...own } = options;
  const { name } = translation.origin;
  return { ...translateInfo(info, translation, pid), options: { ...own, container: { ...own.container, name } } };
}

/** Returns an event. What it says of a pid is left out: it may be over by now. */
export function translateEvent(event: SupervisedEvent, { origin }: Translation): SupervisedEvent {
  const { pid: _, ...rest } = event as SupervisedEvent & { readonly pid?: number };
  return { ...rest, id: origin.name };
}
