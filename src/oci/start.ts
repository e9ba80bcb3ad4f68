#!/usr/bin/env node
/**
 * The program that engines start, several times for each container.
 *
 * @packageDocumentation
 */

import { startProgram } from '../boot/start-program.js';

/** Those that engines call all the time: what one needs is not what the others need. */
const FREQUENT = ['create', 'start', 'run', 'state', 'kill', 'delete', 'exec', 'ps'];

const verb = process.argv.slice(2).find((word) => FREQUENT.includes(word));
startProgram('oci', `oci-${verb ?? 'other'}`);
