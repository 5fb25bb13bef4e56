/** Gives the error of a promise that must fail. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`it gave ${JSON.stringify(value, (_key, part) => (typeof part === "bigint" ? `${part}` : part))}`);
}
