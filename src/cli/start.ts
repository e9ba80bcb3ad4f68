#!/usr/bin/env node
/**
 * The program that users start.
 *
 * @packageDocumentation
 */

import { startProgram } from '../boot/start-program.js';

const verb = process.argv[2];
// What `run` needs is not what the others need; the others are not in a hurry.
startProgram(verb === 'run' ? 'run' : 'main', verb === 'run' || verb === 'exec' ? verb : 'other');
