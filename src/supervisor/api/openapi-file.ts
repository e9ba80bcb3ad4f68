import { readFileSync } from 'node:fs';
import { PACKAGE_ROOT } from '../../native/locate.js';

/** Returns the OpenAPI document of the package, which scripts/build-openapi.mjs has made of the routes and the types. */
export function readOpenApi(): string {
  return readFileSync(`${PACKAGE_ROOT}schema/openapi.json`, 'utf8');
}
