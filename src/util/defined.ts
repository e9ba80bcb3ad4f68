/** An object's type when the properties that were `undefined` are left out. */
export type Defined<T> = { readonly [K in keyof T]: Exclude<T[K], undefined> };

/** Returns a copy of an object without the properties whose value is `undefined`. */
export function defined<T extends object>(values: T): Partial<Defined<T>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<Defined<T>>;
}
