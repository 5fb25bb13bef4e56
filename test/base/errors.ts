/** A canonical contract cannot be placed, or what stands at its address is something else. */
export class LocalBaseError extends Error {
  override readonly name = "LocalBaseError";
}

/** A local Base cannot listen: something else holds the port. */
export class PortInUseError extends Error {
  override readonly name = "PortInUseError";
  readonly port: number;

  constructor(port: number, cause: unknown) {
    super(`Port ${port} on 127.0.0.1 is in use. Stop what listens there, or choose another port.`, { cause });
    this.port = port;
  }
}
