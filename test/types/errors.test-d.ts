import {
  AlreadyExistsError,
  CgroupError,
  CgroupRefusedError,
  ContainerError,
  LaunchError,
  LaunchKilledError,
  NotFoundError,
  OptionError,
  StateError,
  SyscallError,
  UnsupportedError,
  isContainerError,
} from 'corral';
import { describe, expectTypeOf, test } from 'vitest';

describe('an error that was caught', () => {
  const error: unknown = undefined;

  test('is narrowed by isContainerError, across copies of the package', () => {
    if (isContainerError(error)) {
      expectTypeOf(error).toEqualTypeOf<ContainerError>();
      expectTypeOf(error.code).toEqualTypeOf<string>();
      expectTypeOf(error.hint).toEqualTypeOf<string | undefined>();
      expectTypeOf(error.id).toEqualTypeOf<string | undefined>();
    } else {
      expectTypeOf(error).toBeUnknown();
    }
  });

  test('is narrowed by its class, to what only that has', () => {
    if (error instanceof LaunchError) {
      expectTypeOf(error.op).toEqualTypeOf<string>();
      expectTypeOf(error.stepIndex).toEqualTypeOf<number>();
      expectTypeOf(error.errno).toEqualTypeOf<number>();
    } else if (error instanceof OptionError) {
      expectTypeOf(error.option).toEqualTypeOf<string>();
      expectTypeOf(error.value).toBeUnknown();
    } else if (error instanceof UnsupportedError) {
      expectTypeOf(error.needs).toEqualTypeOf<string>();
    } else if (error instanceof StateError) {
      expectTypeOf(error.status).toEqualTypeOf<string>();
    } else if (error instanceof CgroupRefusedError) {
      expectTypeOf(error.reason).toEqualTypeOf<string>();
    }
    expectTypeOf<ContainerError>().not.toHaveProperty('stepIndex');
  });

  test('keeps its class in the else branch of another', () => {
    const caught = {} as NotFoundError | LaunchError;
    if (caught instanceof LaunchError) expectTypeOf(caught).toEqualTypeOf<LaunchError>();
    else expectTypeOf(caught).toEqualTypeOf<NotFoundError>();
  });
});

describe('the classes', () => {
  test('stand in one tree', () => {
    expectTypeOf<ContainerError>().toExtend<Error>();
    expectTypeOf<SyscallError>().toExtend<ContainerError>();
    expectTypeOf<LaunchError>().toExtend<SyscallError>();
    expectTypeOf<CgroupError>().toExtend<SyscallError>();
    expectTypeOf<
      | CgroupRefusedError
      | LaunchKilledError
      | OptionError
      | NotFoundError
      | AlreadyExistsError
      | StateError
      | UnsupportedError
    >().toExtend<ContainerError>();
    expectTypeOf<OptionError>().not.toExtend<SyscallError>();
  });

  test('have names of system errors in the fields of system errors', () => {
    expectTypeOf<SyscallError['syscall']>().toEqualTypeOf<string>();
    expectTypeOf<SyscallError['errno']>().toEqualTypeOf<number>();
    expectTypeOf<SyscallError['path']>().toEqualTypeOf<string | undefined>();
  });
});
