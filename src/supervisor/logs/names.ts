import { STREAMS, type StreamName } from './record.js';

/** The file of a raw log. */
export const RAW = 'log';

/** What a JSON log is written to before it has its name. */
export const NEXT = 'log.json.new';

/** Returns the name of a file of a JSON log. @param index - 0 is written, 1 was before it, and so on */
export function jsonName(index: number): string {
  return index === 0 ? 'log.json' : `log.${String(index)}.json`;
}

/** Returns the name of a stream's spool. */
export function spoolName(stream: StreamName): string {
  return `${stream}.spool`;
}

/** Returns the name of the FIFO that a container writes a stream into. */
export function pipeName(stream: StreamName): string {
  return `${stream}.pipe`;
}

/** Returns which file of a JSON log has that name; `undefined` for another file. */
export function jsonIndex(name: string): number | undefined {
  const match = /^log(?:\.([1-9]\d{0,8}))?\.json$/.exec(name);
  return match === null ? undefined : Number(match[1] ?? 0);
}

/** Tells whether a file of a container's directory belongs to its log. */
export function isLogFile(name: string): boolean {
  const others = [RAW, NEXT, ...STREAMS.flatMap((stream) => [spoolName(stream), pipeName(stream)])];
  return others.includes(name) || jsonIndex(name) !== undefined;
}
