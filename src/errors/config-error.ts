import { ContainerError, type ContainerErrorDetails } from './container-error.js';

/** A field of a config.json that makes no sense, or that this host cannot give. */
export class ConfigError extends ContainerError {
  /** Where it is: `/linux/resources/memory/limit`; empty for the whole. @see RFC 6901 "JSON Pointer" */
  readonly pointer: string;
  readonly value: unknown;

  /** @param expected - what it should be: `an absolute path` */
  constructor(pointer: string, value: unknown, expected: string, details: ContainerErrorDetails = {}) {
    super(`${pointer === '' ? 'JSON' : pointer}: ${show(value)} is not ${expected}`, 'ERR_CONFIG', details);
    this.pointer = pointer;
    this.value = value;
  }
}

const MOST = 200;

function show(value: unknown): string {
  const json = JSON.stringify(value, bigintToText) as string | undefined;
  const text = typeof value === 'bigint' ? String(value) : (json ?? 'undefined');
  return text.length > MOST ? `${text.slice(0, MOST)}…` : text;
}

const bigintToText = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);
