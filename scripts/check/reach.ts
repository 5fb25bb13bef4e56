import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Abi } from "viem";
import { flashSettlementAbi } from "../../client/abi/flashSettlement.ts";
import { termsOperatorAbi } from "../../client/abi/termsOperator.ts";
import { voucherEscrowAbi } from "../../client/abi/voucherEscrow.ts";
import type { Check } from "./check.ts";
import { ROOT } from "./command.ts";

interface Reach {
  readonly abi: Abi;
  /** What the campaign need not reach, and why. */
  readonly unreached: Readonly<Record<string, string>>;
}

const OF_LIBRARIES = {
  InvalidShortString: "OpenZeppelin's EIP712 has it for names longer than ours",
  StringTooLong: "OpenZeppelin's EIP712 has it for names longer than ours",
};

/** By the folder of the campaign's test. */
const FAMILIES: Readonly<Record<string, Reach>> = {
  voucher: {
    abi: voucherEscrowAbi,
    unreached: {
      ...OF_LIBRARIES,
      THAWING_PERIOD: "a constant; test/voucher/views.t.sol compares it",
      VOUCHER_TYPEHASH: "a constant; test/voucher/views.t.sol compares it",
      DEPOSIT_AUTHORIZATION_TYPEHASH: "a constant; test/voucher/views.t.sol compares it",
      FLUSH_AUTHORIZATION_TYPEHASH: "a constant; test/voucher/views.t.sol compares it",
      FLUSH_ALL_AUTHORIZATION_TYPEHASH: "a constant; test/voucher/views.t.sol compares it",
      eip712Domain: "says what DOMAIN_SEPARATOR hashes; test/voucher/views.t.sol compares it",
    },
  },
  flash: {
    abi: flashSettlementAbi,
    unreached: {
      ...OF_LIBRARIES,
      eip712Domain: "says what digests are made with; test/flash/views.t.sol compares it",
    },
  },
  "auth-capture": {
    abi: termsOperatorAbi,
    unreached: {
      AddressEmptyCode: "said on a chain without the escrow; test/auth-capture/authorize.t.sol is on one",
    },
  },
};

/** Each campaign is asserted to reach each function and each error of its contract, but for those that are listed with their reasons. */
export const reachCheck: Check = {
  name: "reach of the campaigns",
  run: async () =>
    Object.entries(FAMILIES)
      .flatMap(([family, { abi, unreached }]) => {
        const test = `test/${family}/campaign.t.sol`;
        const source = readFileSync(join(ROOT, test), "utf8");
        return compareReach(abi, source, unreached).map((problem) => `${test}: ${problem}`);
      })
      .join("\n"),
};

/**
 * Compares an ABI with the test that asserts what a campaign reaches.
 *
 * @param abi - Of the contract that the campaign is run against.
 * @param source - Solidity of the test; it names what it asserts as `Name.name.selector`.
 * @param unreached - Reasons of functions and errors that need no such assertion.
 * @returns What does not match, exceptions that are no longer needed included; empty when all does.
 */
export function compareReach(abi: Abi, source: string, unreached: Readonly<Record<string, string>>): string[] {
  const asserted = new Set([...source.matchAll(/\.(\w+)\.selector\b/g)].map(([, name = ""]) => name));
  const names = abi.flatMap((item) => (item.type === "function" || item.type === "error" ? [item.name] : []));
  const missing = names.filter((name) => !asserted.has(name) && !(name in unreached));
  const stale = Object.keys(unreached).filter((name) => asserted.has(name) || !names.includes(name));
  return [
    ...missing.map((name) => `it does not assert that the campaign reaches ${name}.`),
    ...stale.map((name) => `${name} is no longer an exception: it is reached, or does not exist.`),
  ];
}
