import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { CACHE, NODE_MAJORS, ROOT, findNpm, withoutNpm } from './project.js';

const run = promisify(execFile);

/** A Node to test with, or why there is none. */
export type FetchedNode = { readonly file: string } | { readonly missing: string };

declare module 'vitest' {
  export interface ProvidedContext {
    /** The packed package. */
    readonly tarball: string;
    /** By major version. */
    readonly nodes: Readonly<Record<number, FetchedNode>>;
  }
}

/** Packs the package as `npm publish` would, and fetches the versions of Node that it is tried with. */
export async function setup({ provide }: TestProject): Promise<void> {
  // All to their ends, whatever becomes of one: npm must not be left running.
  const [packed, nodes] = await Promise.all([Promise.allSettled([pack()]), Promise.all(NODE_MAJORS.map(fetchNode))]);
  if (packed[0].status === 'rejected') throw packed[0].reason;
  provide('tarball', packed[0].value);
  provide('nodes', Object.fromEntries(NODE_MAJORS.map((major, index) => [major, nodes[index]!])));
}

async function pack(): Promise<string> {
  const directory = join(CACHE, 'corral-packed');
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const words = [findNpm(), 'pack', '--pack-destination', directory];
  await run(process.execPath, words, { cwd: ROOT, env: withoutNpm(process.env), maxBuffer: 64 << 20 });
  const [tarball, ...others] = readdirSync(directory);
  if (tarball === undefined || others.length > 0) throw new Error(`npm pack left ${String(others.length + 1)} files`);
  return join(directory, tarball);
}

/** Node's own builds are packages of the registry; they are fetched once, and kept. */
async function fetchNode(major: number): Promise<FetchedNode> {
  const name = `node-linux-${process.arch}`;
  const directory = join(CACHE, 'corral-nodes', String(major));
  const file = join(directory, 'node_modules', name, 'bin/node');
  if (existsSync(file)) return { file };
  mkdirSync(directory, { recursive: true });
  try {
    const words = [findNpm(), 'install', '--prefix', directory, '--no-audit', '--no-fund', `${name}@${major}`];
    await run(process.execPath, words, { cwd: directory, env: withoutNpm(process.env) });
    return { file };
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    const missing = `${name}@${major} could not be fetched: ${error instanceof Error ? error.message : String(error)}`;
    console.error(`\n!!! The package is NOT tested with Node ${major}.\n!!! ${missing}\n`);
    return { missing };
  }
}
