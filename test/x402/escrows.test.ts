import { expect } from "chai";
import type { Address, Hex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import {
  createBuyer,
  DeferredConfigurationError,
  UntrustedEscrowError,
  type Buyer,
  type BuyerOptions,
  type BuyerStorage,
  type DepositMethod,
  type PaymentTerms,
} from "../../client/x402/deferred/index.ts";
import { PERMIT2_ADDRESS, type TypedDataSigner } from "../../client/voucher/index.ts";
import { escrow, seller, terms } from "./helpers/terms.ts";

type TypedData = Parameters<TypedDataSigner["signTypedData"]>[0];

const account = privateKeyToAccount(generatePrivateKey());
const stranger = `0x${"66".repeat(20)}` as Address;

/** A key that keeps what it was asked to sign. */
function recordingKey(): { readonly signTypedData: (data: TypedData) => Promise<Hex>; readonly asked: TypedData[] } {
  const asked: TypedData[] = [];
  const signTypedData = (data: TypedData) => {
    asked.push(data);
    return account.signTypedData(data as never);
  };
  return { signTypedData, asked };
}

function makeBuyer(options: Partial<BuyerOptions> = {}): Buyer {
  return createBuyer({ buyer: account, escrows: [escrow], ...options });
}

describe("x402 deferred: trusted escrows", () => {
  it("are named, at least one, by addresses", () => {
    for (const escrows of [[], undefined, ["0xe5"], [escrow, "escrow"]]) {
      expect(() => makeBuyer({ escrows: escrows as never }), `${escrows}`).to.throw(DeferredConfigurationError);
    }
  });

  it("may be written in any case", async () => {
    const buyer = makeBuyer({ escrows: [stranger, escrow.toUpperCase().replace("0X", "0x") as Address] });
    expect((await buyer.pay(terms())).voucher.escrow).to.equal(escrow);
  });

  it("are the only ones that get a signature; of others nothing is kept", async () => {
    const { signTypedData, asked } = recordingKey();
    const calls: string[] = [];
    const storage: BuyerStorage = {
      async load() {
        calls.push("load");
        return [];
      },
      save: async () => void calls.push("save"),
    };
    const buyer = makeBuyer({
      buyer: { address: account.address, signTypedData },
      session: { signer: { address: stranger, signTypedData } },
      storage,
      onEvent: ({ kind }) => calls.push(kind),
    });
    const failure = await buyer.pay(terms({ offer: { escrow: stranger } })).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(UntrustedEscrowError).with.property("escrow", stranger);
    expect([asked, calls]).to.deep.equal([[], []]);
    const { deposit, signerAuthorization } = await buyer.pay(terms());
    expect([deposit?.authorization.seller, signerAuthorization?.authorization.signer]).to.deep.equal([
      seller,
      stranger,
    ]);
  });

  describe("are the only place where a signature moves tokens", () => {
    const messages: Readonly<Record<DepositMethod, readonly string[]>> = {
      eip3009: ["ReceiveWithAuthorization"],
      permit2: ["PermitWitnessTransferFrom"],
      eip2612: ["Permit", "DepositAuthorization"],
      allowance: ["DepositAuthorization"],
    };
    const lies: readonly [string, Partial<Omit<PaymentTerms, "offer">>][] = [
      ["nothing else", {}],
      ["another payee", { seller: stranger }],
      ["the escrow as payee", { seller: escrow }],
      ["another asset", { asset: stranger }],
      ["the escrow as asset", { asset: escrow }],
      ["Permit2 as asset", { asset: PERMIT2_ADDRESS.toLowerCase() as Address }],
      ["another chain", { chainId: 1n }],
    ];
    const names: readonly [string, string][] = [
      ["USD Coin", "2"],
      ["DeferredPaymentEscrow", "1"],
      ["Permit2", ""],
    ];
    for (const [lie, change] of lies) {
      for (const [name, version] of names) {
        it(`when a 402 names the asset ${name}, and ${lie}`, async () => {
          for (const method of Object.keys(messages) as DepositMethod[]) {
            const asking = terms({ ...change, offer: liedOffer(method, name, version) });
            const { signTypedData, asked } = recordingKey();
            const buyer = makeBuyer({
              buyer: { address: account.address, signTypedData },
              session: { signer: { address: stranger, signTypedData } },
              deposit: { methods: [method] },
            });
            await buyer.pay(asking);
            const kinds = asked.map(({ primaryType }) => primaryType);
            expect(kinds).to.have.members([...messages[method], "SignerAuthorization", "Voucher"]);
            for (const data of asked) expectBound(data, asking);
          }
        });
      }
    }
  });
});

/** An offer with every fact that the method needs, about a token of that name. */
function liedOffer(method: DepositMethod, name: string, version: string) {
  return {
    tokenDomain: { name, version },
    account: { balance: 0n, assetAllowance: 10n ** 9n, assetPermitNonce: 7n, facilitator: stranger },
    deposit: { minimum: 1_000n, suggested: 5_000n, methods: [method] },
  };
}

/** A message of the escrow, or one that makes the escrow the only receiver or spender. */
function expectBound({ domain, primaryType, message }: TypedData, { asset, chainId, seller: payee }: PaymentTerms) {
  const escrowIn = { ReceiveWithAuthorization: "to", PermitWitnessTransferFrom: "spender", Permit: "spender" };
  const foreign = { ReceiveWithAuthorization: asset, PermitWitnessTransferFrom: PERMIT2_ADDRESS, Permit: asset };
  type Foreign = keyof typeof foreign;
  expect(domain["chainId"], primaryType).to.equal(Number(chainId));
  const isForeign = primaryType in foreign;
  const contract = isForeign ? foreign[primaryType as Foreign] : escrow;
  expect(lower(domain["verifyingContract"]), primaryType).to.equal(lower(contract));
  if (isForeign) expect(lower(message[escrowIn[primaryType as Foreign]]), primaryType).to.equal(escrow);
  const { seller: named } = (message["witness"] ?? message) as { seller?: string };
  if (named !== undefined) expect(lower(named), primaryType).to.equal(payee);
}

function lower(value: unknown): string {
  return String(value).toLowerCase();
}
