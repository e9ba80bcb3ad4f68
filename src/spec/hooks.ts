/** Programs that are run at points of a container's life. @see runtime-spec 1.3.0, config.md "POSIX-platform Hooks" */
export interface Hooks {
  /** In the runtime's namespaces, before the root is changed; deprecated in favour of the next. */
  readonly prestart?: readonly Hook[];
  /** In the runtime's namespaces, before the root is changed. */
  readonly createRuntime?: readonly Hook[];
  /** In the container's namespaces, before the root is changed. */
  readonly createContainer?: readonly Hook[];
  /** In the container, just before its process. */
  readonly startContainer?: readonly Hook[];
  /** In the runtime's namespaces, once the process runs. */
  readonly poststart?: readonly Hook[];
  /** In the runtime's namespaces, once the container is deleted. */
  readonly poststop?: readonly Hook[];
}

/** It gets the container's state, as JSON, on its standard input. */
export interface Hook {
  /** Absolute. */
  readonly path: string;
  /** With the name of the program first. */
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  /** Seconds, above 0; absent: it may take as long as it likes. */
  readonly timeout?: number;
}
