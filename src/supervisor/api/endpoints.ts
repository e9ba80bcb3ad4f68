/** Every route by its name: what both the server and the client know it by. */
export const ENDPOINTS = {
  ping: 'GET /v1/ping',
  version: 'GET /v1/version',
  info: 'GET /v1/info',
  openapi: 'GET /openapi.json',
  events: 'GET /v1/events',
  list: 'GET /v1/containers',
  create: 'POST /v1/containers',
  get: 'GET /v1/containers/{id}',
  remove: 'DELETE /v1/containers/{id}',
  inspect: 'GET /v1/containers/{id}/inspect',
  lease: 'POST /v1/containers/{id}/lease',
  start: 'POST /v1/containers/{id}/start',
  stop: 'POST /v1/containers/{id}/stop',
  restart: 'POST /v1/containers/{id}/restart',
  kill: 'POST /v1/containers/{id}/kill',
  signal: 'POST /v1/containers/{id}/signal',
  pause: 'POST /v1/containers/{id}/pause',
  resume: 'POST /v1/containers/{id}/resume',
  update: 'POST /v1/containers/{id}/update',
  wait: 'GET /v1/containers/{id}/wait',
  logs: 'GET /v1/containers/{id}/logs',
  stats: 'GET /v1/containers/{id}/stats',
  processes: 'GET /v1/containers/{id}/processes',
  attach: 'POST /v1/containers/{id}/attach',
  exec: 'POST /v1/containers/{id}/exec',
  resizeSession: 'POST /v1/sessions/{session}/resize',
  signalSession: 'POST /v1/sessions/{session}/signal',
  abortSession: 'POST /v1/sessions/{session}/abort',
  killSession: 'POST /v1/sessions/{session}/kill',
  cgroupControllers: 'GET /v1/cgroups/controllers',
  listCgroups: 'GET /v1/cgroups',
  createCgroup: 'POST /v1/cgroups',
  removeCgroup: 'DELETE /v1/cgroups',
  cgroupTasks: 'GET /v1/cgroups/tasks',
  moveTask: 'POST /v1/cgroups/tasks',
  cgroupValues: 'GET /v1/cgroups/values',
  setCgroupValues: 'POST /v1/cgroups/values',
  chownCgroup: 'POST /v1/cgroups/owner',
  freezeCgroup: 'POST /v1/cgroups/freeze',
  thawCgroup: 'POST /v1/cgroups/thaw',
  signalCgroup: 'POST /v1/cgroups/signal',
  killCgroup: 'POST /v1/cgroups/kill',
} as const;

/** The name of a route. */
export type EndpointName = keyof typeof ENDPOINTS;

/** The parameters in a route's path, by name. */
export type PathParams<Endpoint extends string> = Endpoint extends `${string}{${infer Name}}${infer Rest}`
  ? { readonly [Key in Name]: string } & PathParams<Rest>
  : unknown;

/** Returns the method and the path of a route, its parameters filled in. */
export function fillEndpoint(
  endpoint: string,
  params: Readonly<Record<string, string>>,
): { readonly method: string; readonly path: string } {
  const [method = '', template = ''] = endpoint.split(' ');
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  return { method, path };
}
