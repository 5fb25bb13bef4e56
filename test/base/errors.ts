/** A canonical contract cannot be placed, or what stands at its address is something else. */
export class LocalBaseError extends Error {
  override readonly name = "LocalBaseError";
}
