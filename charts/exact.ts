// cdk8s-plus-27 is compiled without `exactOptionalPropertyTypes`, so its classes don't quite fit its own interfaces here.

/** The type that `T` has for a compiler that takes `undefined` for absent. */
type Inexact<T> = { readonly [K in keyof T]: T[K] | undefined };

/** The same resource, typed as the interface that the place it is used in asks for. */
export function exact<T>(resource: Inexact<NoInfer<T>>): T {
  return resource as T;
}
