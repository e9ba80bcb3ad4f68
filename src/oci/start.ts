#!/usr/bin/env node
/**
 * The program that engines start, several times for each container.
 *
 * @packageDocumentation
 */

import { startProgram } from '../boot/start-program.js';

startProgram('oci', 'oci');
