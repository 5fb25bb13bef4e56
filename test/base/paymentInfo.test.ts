import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { network } from "hardhat";
import {
  createPublicClient,
  custom,
  hashTypedData,
  recoverAddress,
  zeroAddress,
  type Address,
  type Hash,
  type Hex,
  type PublicClient,
} from "viem";
import { authCaptureEscrowAbi } from "../../client/abi/index.ts";
import { COMMERCE_V1_0, PERMIT2 } from "./addresses.ts";
import { installCommerce } from "./commerce.ts";

interface PaymentInfo {
  readonly operator: Address;
  readonly payer: Address;
  readonly receiver: Address;
  readonly token: Address;
  readonly maxAmount: string;
  readonly preApprovalExpiry: number;
  readonly authorizationExpiry: number;
  readonly refundExpiry: number;
  readonly minFeeBps: number;
  readonly maxFeeBps: number;
  readonly feeReceiver: Address;
  readonly salt: string;
}

/** What the payer signs for one collector, and what the payer signed where the file holds its key. */
interface Signed {
  readonly message: Readonly<Record<string, unknown>>;
  readonly digest: Hash;
  readonly signatureByPayer?: Hex;
}

interface Vector {
  readonly label: string;
  readonly paymentInfo: PaymentInfo;
  readonly paymentInfoHash: Hash;
  readonly erc3009Nonce: Hash;
  readonly permit2Nonce: string;
  readonly tokenStore: Address;
  readonly receiveWithAuthorization: Signed;
  readonly permit2: Signed;
}

interface Token {
  readonly name: string;
  readonly version: string;
  readonly verifyingContract: Address;
}

interface Vectors {
  readonly chains: Readonly<Record<string, { readonly usdc: Token; readonly vectors: readonly Vector[] }>>;
}

const path = new URL("../vectors/payment-info.json", import.meta.url);
const { chains } = JSON.parse(await readFile(path, "utf8")) as Vectors;

const receiveWithAuthorization = [
  { name: "from", type: "address" },
  { name: "to", type: "address" },
  { name: "value", type: "uint256" },
  { name: "validAfter", type: "uint256" },
  { name: "validBefore", type: "uint256" },
  { name: "nonce", type: "bytes32" },
] as const;

const permitTransferFrom = {
  TokenPermissions: [
    { name: "token", type: "address" },
    { name: "amount", type: "uint256" },
  ],
  PermitTransferFrom: [
    { name: "permitted", type: "TokenPermissions" },
    { name: "spender", type: "address" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
} as const;

for (const [id, { usdc, vectors }] of Object.entries(chains)) {
  const chainId = Number(id);

  describe(`The canonical escrow's hashes on chain ${chainId}, computed by the local one`, () => {
    let client: PublicClient;
    let close: () => Promise<void>;

    before(async () => {
      const connection = await network.create({ network: "localBase", chainType: "op", override: { chainId } });
      await installCommerce(connection.provider);
      client = createPublicClient({ transport: custom(connection.provider) });
      close = () => connection.close();
    });

    after(async () => close());

    const ask = async <name extends "getHash" | "getTokenStore">(functionName: name, argument: unknown) =>
      client.readContract({
        address: COMMERCE_V1_0.escrow,
        abi: authCaptureEscrowAbi,
        functionName,
        args: [argument] as never,
      });

    it("has 32 of them", () => {
      expect(vectors).to.have.length(32);
    });

    for (const vector of vectors) {
      it(vector.label, async () => {
        const { paymentInfo, receiveWithAuthorization: byToken, permit2: byPermit2 } = vector;
        const nonce = await ask("getHash", { ...paymentInfo, payer: zeroAddress });
        expect(await ask("getHash", paymentInfo), "hash").to.equal(vector.paymentInfoHash);
        expect(nonce, "nonce").to.equal(vector.erc3009Nonce);
        expect(BigInt(nonce), "number").to.equal(BigInt(vector.permit2Nonce));
        expect(await ask("getTokenStore", paymentInfo.operator), "token store").to.equal(vector.tokenStore);

        const expiry = BigInt(paymentInfo.preApprovalExpiry);
        const digest = hashTypedData({
          domain: { ...usdc, chainId },
          types: { ReceiveWithAuthorization: receiveWithAuthorization },
          primaryType: "ReceiveWithAuthorization",
          message: {
            from: paymentInfo.payer,
            to: COMMERCE_V1_0.eip3009Collector,
            value: BigInt(paymentInfo.maxAmount),
            validAfter: 0n,
            validBefore: expiry,
            nonce,
          },
        });
        expect(digest, "ERC-3009").to.equal(byToken.digest);
        const permitDigest = hashTypedData({
          domain: { name: "Permit2", chainId, verifyingContract: PERMIT2 },
          types: permitTransferFrom,
          primaryType: "PermitTransferFrom",
          message: {
            permitted: { token: paymentInfo.token, amount: BigInt(paymentInfo.maxAmount) },
            spender: COMMERCE_V1_0.permit2Collector,
            nonce: BigInt(nonce),
            deadline: expiry,
          },
        });
        expect(permitDigest, "Permit2").to.equal(byPermit2.digest);

        for (const { digest: hash, signatureByPayer: signature } of [byToken, byPermit2]) {
          if (signature === undefined) continue;
          expect(await recoverAddress({ hash, signature }), "signer").to.equal(paymentInfo.payer);
        }
      });
    }
  });
}
