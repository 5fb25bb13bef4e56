import type { FacilitatorClient } from "@x402/core/server";
import type { Network, SettleResponse } from "@x402/core/types";
import { isHash, type Address } from "viem";
import type { EscrowId } from "../../seller/voucher/types.ts";
import type { ReadClient } from "../../voucher/index.ts";
import { refuseDeposit } from "./brought.ts";
import { messageOf, toCode, type DeferredCode } from "./codes.ts";
import { DEFERRED_SCHEME } from "./constants.ts";
import { readAssetFacts, type AssetAmounts } from "../core/assets.ts";
import { MAX_UINT256, toWireInteger } from "../core/fields.ts";
import { parse } from "./fields.ts";
import { networkOfChainId } from "../core/network.ts";
import type { PaymentRequest, Payments } from "./payments.ts";
import { relayInOrder } from "./relayInOrder.ts";
import type { Relayer, RelayRequest } from "./relayer.ts";
import type { DepositMethod, Parsed, WireDeposit, WireInteger, WireSignerAuthorization } from "./types.ts";
import { readDeposit, readSigner, toWireDeposit, toWireSigner } from "./wire.ts";

const FAILED = "invalid_deferred_evm_payload_deposit_authorization_failed";
const MALFORMED = "invalid_deferred_evm_payload_deposit_authorization_malformed";
const UNSUPPORTED = "invalid_deferred_evm_payload_deposit_authorization_unsupported";

/**
 * What a seller passes to its facilitator without a voucher, because it keeps the vouchers itself and wants what they stand on mined before
 * it serves: `payload.relay` of a settlement of amount zero. The answer's `transaction` is the deposit's.
 */
export interface WireRelay {
  readonly buyer: string;
  readonly depositAuthorization?: WireDeposit;
  readonly signerAuthorization?: WireSignerAuthorization;
}

/** `extra` of the answer. */
export interface WireRelayed {
  /** Block in which everything is mined; absent when nothing had to be sent. */
  readonly block?: WireInteger;
}

/** Settings of {@link createFacilitatorRelayer}. */
export interface FacilitatorRelayerOptions {
  /** The SDK's client of the facilitator. */
  readonly facilitator: Pick<FacilitatorClient, "settle">;
  readonly escrow: EscrowId;
  /** Reads allowances for the offers. */
  readonly client: ReadClient;
  /** Methods the facilitator relays: `depositMethods` of its kind's `extra`. */
  readonly methods: readonly DepositMethod[];
  /** Least deposits the facilitator relays: `minimumDeposits` of its kind's `extra`. */
  readonly minimumDeposits: AssetAmounts;
  /** How buyers know the facilitator: its URL. */
  readonly name: string;
}

/**
 * Makes a relayer that has a facilitator send, for sellers that keep their own vouchers but hold no gas.
 *
 * @param options - {@link FacilitatorRelayerOptions}; amounts in token base units.
 * @returns The relayer, for a {@link SellerDesk}.
 *
 * @example
 * const relayer = createFacilitatorRelayer({
 *   facilitator: new HTTPFacilitatorClient({ url }),
 *   ...{ escrow: { chainId: 8453n, escrow }, client: publicClient, name: url },
 *   methods: ["eip3009"],
 *   minimumDeposits: { [usdc]: 100_000n },
 * });
 */
export function createFacilitatorRelayer(options: FacilitatorRelayerOptions): Relayer {
  const { facilitator, escrow, client, methods, minimumDeposits, name } = options;
  const network = networkOfChainId(escrow.chainId);
  return {
    escrow,
    methods,
    minimumDeposits,
    name,
    async relay(request) {
      // A wallet to be deployed is named by a wrapping that is off already.
      if (request.deployment !== undefined) return { isRelayed: false, code: UNSUPPORTED };
      const { seller: payTo, asset } = request.account;
      const terms = { scheme: DEFERRED_SCHEME, network, payTo, asset, amount: "0", maxTimeoutSeconds: 300, extra: {} };
      const payload = { x402Version: 2, accepted: terms, payload: { relay: toWireRelay(request) } };
      const answer = await facilitator.settle(payload, terms);
      if (!answer.success) return { isRelayed: false, code: toCode(answer.errorReason, FAILED) };
      const block = parse(answer.extra ?? {}, MALFORMED, (fields) =>
        fields.has("block") ? fields.integer("block", MAX_UINT256) : undefined,
      );
      return {
        isRelayed: true,
        ...(isHash(answer.transaction) && { transaction: answer.transaction }),
        ...(block.isValid && block.value !== undefined && { block: block.value }),
      };
    },
    // The facilitator tries before it sends.
    simulate: async () => ({}),
    readAsset: (buyer, asset) => readAssetFacts(client, { escrow: escrow.escrow, buyer, asset }),
  };
}

/** A facilitator's answer to {@link createFacilitatorRelayer}. Never throws for bad input. */
export async function relayForSeller(
  payments: Payments,
  wire: unknown,
  { chainId, payTo, asset }: PaymentRequest,
  network: Network,
): Promise<SettleResponse> {
  const fail = (code: DeferredCode): SettleResponse => ({
    success: false,
    errorReason: code,
    errorMessage: messageOf(code),
    transaction: "",
    network,
  });
  const desk = payments.deskFor(chainId, payTo, asset);
  if (desk === undefined) return fail("invalid_deferred_evm_requirements");
  const { acceptor } = desk;
  const lowerAsset = (asset as string).toLowerCase() as Address;
  const parsed = readWireRelay(wire, { seller: acceptor.seller, asset: lowerAsset });
  if (!parsed.isValid) return fail(parsed.code);
  const { account, deposit } = parsed.value;
  const code = deposit && refuseDeposit(deposit, { ...account, price: 0n, desk });
  if (code !== undefined) return fail(code);
  try {
    const result = await relayInOrder(desk, parsed.value);
    if (!result.isRelayed) return fail(result.code);
    const { transaction = "", block } = result;
    const extra: WireRelayed = block === undefined ? {} : { block: toWireInteger(block) };
    return { success: true, payer: account.buyer, transaction, network, amount: "0", extra: { ...extra } };
  } catch (error) {
    payments.onError(error);
    return fail("unexpected_settle_error");
  }
}

function toWireRelay({ account, deposit, signerAuthorization }: RelayRequest): WireRelay {
  return {
    buyer: account.buyer,
    ...(deposit !== undefined && { depositAuthorization: toWireDeposit(deposit) }),
    ...(signerAuthorization !== undefined && { signerAuthorization: toWireSigner(signerAuthorization) }),
  };
}

function readWireRelay(
  wire: unknown,
  seller: { readonly seller: Address; readonly asset: Address },
): Parsed<RelayRequest> {
  return parse(wire, MALFORMED, (fields) => {
    const buyer = fields.address("buyer");
    return {
      account: { buyer, ...seller },
      ...(fields.has("depositAuthorization") && { deposit: readDeposit(fields.object("depositAuthorization")) }),
      ...(fields.has("signerAuthorization") && {
        signerAuthorization: readSigner(fields.object("signerAuthorization"), buyer),
      }),
    };
  });
}
