/** What the compiler says, as a build's output file keeps it. */
export interface CompilerMessage {
  readonly severity: "error" | "warning" | "info";
  readonly errorCode?: string;
  readonly sourceLocation?: { readonly file: string };
  readonly formattedMessage: string;
}

/** Warnings that do not matter, each with the reason. */
const ACCEPTED = [
  {
    code: "2394",
    file: /^npm\/@openzeppelin\/contracts@[^/]+\/utils\/TransientSlot\.sol$/,
    reason:
      "The reentrancy guard clears its slot at the end of every call, the case that the warning itself calls safe.",
  },
  {
    code: "2424",
    file: /^npm\/solady@[^/]+\//,
    reason: "Solady marks its assembly as memory-safe in the older form, for older compilers.",
  },
  { code: "5574", file: /^project\/test\//, reason: "Tests are not deployed on a chain that limits their size." },
  { code: "3860", file: /^project\/test\//, reason: "Tests are not deployed on a chain that limits their initcode." },
] as const;

/** Whether a message of the compiler is on the list. */
export function isAcceptedWarning({
  errorCode,
  sourceLocation,
}: Pick<CompilerMessage, "errorCode" | "sourceLocation">): boolean {
  const path = sourceLocation?.file ?? "";
  return ACCEPTED.some(({ code, file }) => code === errorCode && file.test(path));
}
