import { expect } from "chai";

type ErrorClass<error extends Error> = abstract new (...args: never[]) => error;

/** Expects a rejection by an error of exactly this class, and gives it. */
export async function rejectedWith<error extends Error>(
  promise: Promise<unknown>,
  errorClass: ErrorClass<error>,
): Promise<error> {
  const outcome = await promise.then(
    () => "it was fulfilled",
    (reason: unknown) => reason,
  );
  expect(outcome, String(outcome)).to.be.instanceOf(errorClass);
  return outcome as error;
}
