// Programs of the host that the lab uses.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execFileAsync = promisify(execFile);

/**
 * Runs a program and returns its output.
 *
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<string>}
 * @throws {Error} with what it said, when it fails; naming the Debian package it is in, when it is not there
 */
export async function command(file, args, options = {}) {
  const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin`, LC_ALL: 'C.UTF-8', ...options.env };
  try {
    const { stdout } = await execFileAsync(file, args, { ...options, env, maxBuffer: 64 << 20 });
    return stdout;
  } catch (error) {
    if (error.code === 'ENOENT') throw new Error(`the lab needs the program ${file}`, { cause: error });
    const said = String(error.stderr || error.stdout || error.message).trimEnd();
    throw new Error(`${file} ${args.join(' ')}: ${said.split('\n').slice(-15).join('\n')}`, { cause: error });
  }
}
