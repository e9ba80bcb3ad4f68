import { ContainerError, type ContainerErrorDetails } from './container-error.js';

/** There is no container of that id. */
export class NotFoundError extends ContainerError {
  constructor(id: string, details: ContainerErrorDetails = {}) {
    super(`container ${JSON.stringify(id)} does not exist`, 'ERR_NOT_FOUND', { ...details, id });
  }
}

/** The id is taken. */
export class AlreadyExistsError extends ContainerError {
  constructor(id: string, details: ContainerErrorDetails = {}) {
    super(`container ${JSON.stringify(id)} already exists`, 'ERR_ALREADY_EXISTS', { ...details, id });
  }
}

/** The container is not in a status in which that can be done. */
export class StateError extends ContainerError {
  readonly status: string;
  readonly action: string;

  constructor(action: string, id: string, status: string, details: ContainerErrorDetails = {}) {
    super(`cannot ${action} ${JSON.stringify(id)}: container is ${status}`, 'ERR_STATE', { ...details, id });
    this.status = status;
    this.action = action;
  }
}
