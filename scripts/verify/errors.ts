/** Why nothing could be compared; the message says what to do. */
export class VerifyError extends Error {
  override readonly name = "VerifyError";
}
