import { concat, getContractAddress, numberToHex, pad, type Address, type Hex } from "viem";
import { withChecksums } from "../core/checksums.ts";
import { encodeWord } from "../core/word.ts";
import { getEscrowDeployment, type Generation } from "./addresses.ts";
import { termsMembers } from "./hash.ts";
import { assertTermsPossible } from "./terms.ts";
import type { Terms } from "./types.ts";

/** What makes an operator's address. */
export interface PredictOperatorParameters {
  /** Address of a TermsOperatorFactory that the caller trusts: whoever made it decides what terms mean. */
  readonly factory: Address;
  readonly terms: Terms;
  /** Address of the canonical escrow, of either generation. */
  readonly escrow: Address;
}

/** What makes a token store's address. */
export interface PredictTokenStoreParameters {
  /** Address of the canonical escrow, of either generation. */
  readonly escrow: Address;
  /** Whose token store it is. */
  readonly operator: Address;
}

/** The factory deploys its implementations when it is deployed itself: they are the first two contracts that it creates. */
const IMPLEMENTATION_NONCES: Readonly<Record<Generation, bigint>> = { "v1.1": 1n, "v1.0": 2n };

/**
 * Computes the address of the operator with these terms, without a request. A payer that finds another `captureAuthorizer` in an offer
 * is not offered these terms.
 *
 * - Source: contracts/interfaces/ITermsOperatorFactory.sol
 *
 * @param parameters - {@link PredictOperatorParameters}.
 * @returns Address, with its checksum.
 * @throws {UnknownEscrowAddressError} the escrow is not canonical.
 * @throws {ImpossibleTermsError} the terms break a rule.
 * @throws {InvalidMessageError} a member of the terms does not fit its type.
 *
 * @example
 * const operator = predictOperator({ factory, terms, escrow: ESCROW_DEPLOYMENTS["v1.1"].escrow });
 */
export function predictOperator({ factory, terms, escrow }: PredictOperatorParameters): Address {
  const { generation } = getEscrowDeployment(escrow);
  assertTermsPossible(terms);
  const implementation = getContractAddress({
    from: withChecksums(factory),
    nonce: IMPLEMENTATION_NONCES[generation],
  });
  return getContractAddress({
    opcode: "CREATE2",
    from: withChecksums(factory),
    salt: numberToHex(0n, { size: 32 }),
    bytecode: cloneInitCode(implementation, packTerms(terms)),
  });
}

/**
 * Computes where the tokens of an operator's payments are kept, without a request. The contract is deployed by the first transfer out
 * of it; until then the address holds tokens and has no code.
 *
 * - Source: contracts/interfaces/external/IAuthCaptureEscrow.sol, `getTokenStore`
 *
 * @param parameters - {@link PredictTokenStoreParameters}.
 * @returns Address, with its checksum.
 * @throws {UnknownEscrowAddressError} the escrow is not canonical.
 *
 * @example
 * const tokenStore = predictTokenStore({ escrow, operator });
 */
export function predictTokenStore({ escrow, operator }: PredictTokenStoreParameters): Address {
  const { tokenStoreImplementation } = getEscrowDeployment(escrow);
  return getContractAddress({
    opcode: "CREATE2",
    from: withChecksums(escrow),
    salt: pad(operator, { dir: "right", size: 32 }),
    bytecode: concat(["0x602c3d8160093d39f33d3d3d3d363d3d37363d73", tokenStoreImplementation, CLONE_TAIL]),
  });
}

/**
 * Packs terms as an operator's code carries them: 111 bytes at its end.
 *
 * - Source: contracts/interfaces/ITermsOperatorFactory.sol
 *
 * @param terms - {@link Terms}.
 * @returns 111 bytes.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const args = packTerms(terms);
 */
export function packTerms(terms: Terms): Hex {
  const parts = termsMembers.map((member) => {
    const word = encodeWord("Terms", member, terms[member.name]);
    return word.slice(-2 * BYTES[member.type]);
  });
  return `0x${parts.join("")}`;
}

const BYTES = { address: 20, uint16: 2, uint32: 4, uint8: 1, bytes32: 32 } as const;

/** The end of the code of a clone without arguments. */
const CLONE_TAIL: Hex = "0x5af43d3d93803e602a57fd5bf3";

/** Length of the code of a clone before its arguments. */
const CLONE_LENGTH = 0x2d;

/** Solady's clone with immutable arguments: they stand behind its code. */
function cloneInitCode(implementation: Address, args: Hex): Hex {
  const length = numberToHex(CLONE_LENGTH + (args.length - 2) / 2, { size: 2 });
  return concat([
    "0x61",
    length,
    "0x3d81600a3d39f3363d3d373d3d3d363d73",
    implementation,
    "0x5af43d82803e903d91602b57fd5bf3",
    args,
  ]);
}
