import { domainSeparator, numberToHex, type Hash, type Hex } from "viem";
import { BASE_CHAIN_ID, PERMIT2 } from "./addresses.ts";
import { ensureCode, type Placement } from "./place.ts";
import { preinstallCode } from "./preinstalls.ts";
import { setCode, type Provider } from "./provider.ts";

/** Hash of Permit2's runtime code on Base. */
const PERMIT2_CODE_HASH: Hash = "0xa67739abc3ede9dbdc0491636c67d6a14ac07fab9030c3f509b1eb7b11dff8ed";

// Byte positions of Permit2's two immutables in the published template.
const CHAIN_ID_OFFSET = 6945;
const DOMAIN_SEPARATOR_OFFSET = 6983;

let code: Hex | undefined;

/** Puts Permit2 at its canonical address. */
export async function installPermit2(provider: Provider): Promise<Placement> {
  return ensureCode(provider, {
    name: "Permit2",
    address: PERMIT2,
    codeHash: PERMIT2_CODE_HASH,
    place: async () => {
      code ??= permit2Code(BASE_CHAIN_ID);
      await setCode(provider, PERMIT2, code);
    },
  });
}

/** Runtime code of Permit2 on a chain: it holds the chain's id and its domain there. */
export function permit2Code(chainId: number): Hex {
  const domain = { name: "Permit2", chainId, verifyingContract: PERMIT2 } as const;
  const withChainId = patch(preinstallCode("Permit2TemplateCode"), CHAIN_ID_OFFSET, numberToHex(chainId, { size: 32 }));
  return patch(withChainId, DOMAIN_SEPARATOR_OFFSET, domainSeparator({ domain }));
}

function patch(template: Hex, offset: number, word: Hex): Hex {
  const start = 2 + 2 * offset;
  return `0x${template.slice(2, start)}${word.slice(2)}${template.slice(start + 64)}`;
}
