import type { Route } from '../route.js';
import { CGROUP_ROUTES } from './cgroups.js';
import { CONTAINER_ROUTES } from './containers.js';
import { LIFE_ROUTES } from './life.js';
import { SERVER_ROUTES } from './server.js';
import { SESSION_ROUTES } from './sessions.js';
import { STREAM_ROUTES } from './streams.js';
import { WATCH_ROUTES } from './watching.js';

/** All routes, in the order of the documentation. A further table that is added here is served and documented with the others. */
export const ROUTES: readonly Route[] = [
  ...CONTAINER_ROUTES,
  ...LIFE_ROUTES,
  ...STREAM_ROUTES,
  ...SESSION_ROUTES,
  ...WATCH_ROUTES,
  ...CGROUP_ROUTES,
  ...SERVER_ROUTES,
];
