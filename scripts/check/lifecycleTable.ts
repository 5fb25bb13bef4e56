import { LIFECYCLE_RULES, type LifecycleRule, type Moment } from "../../client/auth-capture/index.ts";

/** Heads of the columns of {@link lifecycleRows}. */
export const LIFECYCLE_HEAD = ["action", "who", "terms", "when something is so", "from", "until"] as const;

const CONDITIONS: readonly (readonly [string, (rule: LifecycleRule) => boolean])[] = [
  ["not collected", ({ collected }) => collected === false],
  ["held", ({ held }) => held === true],
  ["refundable", ({ refundable }) => refundable === true],
  ["whole", ({ whole }) => whole === true],
  ["undisputed", ({ disputed }) => disputed === false],
  ["disputed", ({ disputed }) => disputed === true],
  ["the default is the receiver", ({ defaultsToReceiver }) => defaultsToReceiver === true],
  ["all to the payer", ({ onlyToPayer }) => onlyToPayer === true],
];

const MOMENTS: Readonly<Record<Moment, string>> = {
  always: "",
  never: "",
  collectableFrom: "E - `maxHold`",
  collectableUntil: "the payer's signature runs out, or with an arbiter the time for disputes",
  releasableFrom: "W",
  rulingDeadline: "Q",
  authorizationExpiry: "E",
  refundExpiry: "`refundExpiry`",
};

/** The client's table of what may happen to a payment of auth-capture, in words. */
export function lifecycleRows(): readonly (readonly string[])[] {
  return LIFECYCLE_RULES.map((rule) => [
    `\`${rule.action}\``,
    rule.by === "both" ? "payer and authorizer" : rule.by,
    rule.kinds.join(", "),
    CONDITIONS.flatMap(([words, isAsked]) => (isAsked(rule) ? [words] : [])).join(", "),
    MOMENTS[rule.from],
    MOMENTS[rule.until],
  ]);
}
