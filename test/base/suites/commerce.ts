import { expect } from "chai";
import { erc20Abi, type Address, type Hash } from "viem";
import {
  authorizeAsOperator,
  byPreApproval,
  captureAsOperator,
  chargeAsOperator,
  getPaymentHash,
  getPaymentState,
  getTokenStore,
  hashPaymentInfo,
  preApprove,
  refundAsOperator,
  signPayment,
  voidAsOperator,
  type PaymentInfo,
} from "../../../client/auth-capture/index.ts";
import type { Base } from "../../helpers/base.ts";
import { mined } from "../../helpers/mined.ts";
import { BASE_CHAIN_ID, COMMERCE, COMMERCE_V1_0, PERMIT2, USDC } from "../addresses.ts";

const AMOUNT = 10_000_000n;
const CAPTURED = 4_000_000n;
/** 2.5% of {@link CAPTURED}. */
const FEE = 100_000n;

const generations = [
  { commerce: COMMERCE, fee: { feeAmount: FEE }, none: { feeAmount: 0n } },
  { commerce: COMMERCE_V1_0, fee: { feeBps: 250n }, none: { feeBps: 0n } },
] as const;

const usdcMethod = { method: "Eip3009", tokenDomain: { name: "USD Coin", version: "2" } } as const;

/** What this project relies on in both generations of AuthCaptureEscrow, wherever they came from. */
export function commerceSuite(connect: () => Promise<Base>): void {
  for (const { commerce, fee, none } of generations) {
    const { escrow } = commerce;

    describe(`AuthCaptureEscrow ${commerce.generation}`, () => {
      let base: Base;
      let paymentInfo: PaymentInfo;

      beforeEach(async () => {
        base = await connect();
        const { buyer, relayer, seller, stranger } = base.actors;
        await base.fundUsdc(buyer.address, AMOUNT);
        const now = (await base.publicClient.getBlock()).timestamp;
        paymentInfo = {
          operator: relayer.address,
          payer: buyer.address,
          receiver: seller.address,
          token: USDC,
          maxAmount: AMOUNT,
          preApprovalExpiry: now + 3_600n,
          authorizationExpiry: now + 7_200n,
          refundExpiry: now + 86_400n,
          minFeeBps: 0n,
          maxFeeBps: 500n,
          feeReceiver: stranger.address,
          salt: 1n,
        };
      });

      const done = async (hash: Promise<Hash>) => mined(base.publicClient, await hash);
      const usdcOf = (account: Address) =>
        base.publicClient.readContract({ address: USDC, abi: erc20Abi, functionName: "balanceOf", args: [account] });
      const approve = (by: "buyer" | "relayer", spender: Address) =>
        done(
          base.wallets[by].writeContract({
            address: USDC,
            abi: erc20Abi,
            functionName: "approve",
            args: [spender, AMOUNT],
          }),
        );
      const balances = async () => {
        const { buyer, seller, stranger, relayer } = base.actors;
        const store = await getTokenStore(base.publicClient, { escrow, operator: relayer.address });
        return {
          payer: await usdcOf(buyer.address),
          receiver: await usdcOf(seller.address),
          feeReceiver: await usdcOf(stranger.address),
          store: await usdcOf(store),
        };
      };
      const expectState = async (capturable: bigint, refundable: bigint) => {
        const paymentInfoHash = hashPaymentInfo({ chainId: BASE_CHAIN_ID, escrow, paymentInfo });
        expect(await getPaymentHash(base.publicClient, { escrow, paymentInfo })).to.equal(paymentInfoHash);
        expect(await getPaymentState(base.publicClient, { escrow, paymentInfoHash })).to.deep.equal({
          collected: true,
          capturable,
          refundable,
        });
      };
      const signedBy = async (payment: Parameters<typeof signPayment>[1]["payment"]) =>
        signPayment(base.actors.buyer, { chainId: BASE_CHAIN_ID, escrow, paymentInfo, payment });

      it("holds what ERC-3009 brings, captures a part, and voids the rest", async () => {
        const at = { escrow, paymentInfo };
        await done(authorizeAsOperator(base.wallets.relayer, { ...at, ...(await signedBy(usdcMethod)) }));
        await expectState(AMOUNT, 0n);
        expect(await balances()).to.deep.equal({ payer: 0n, receiver: 0n, feeReceiver: 0n, store: AMOUNT });

        const { feeReceiver } = paymentInfo;
        await done(captureAsOperator(base.wallets.relayer, { ...at, amount: CAPTURED, fee, feeReceiver }));
        await done(voidAsOperator(base.wallets.relayer, at));
        await expectState(0n, CAPTURED);
        expect(await balances()).to.deep.equal({
          payer: AMOUNT - CAPTURED,
          receiver: CAPTURED - FEE,
          feeReceiver: FEE,
          store: 0n,
        });
      });

      it("charges what Permit2 brings, and refunds from its operator", async () => {
        const at = { escrow, paymentInfo };
        await approve("buyer", PERMIT2);
        const signed = await signedBy({ method: "Permit2" });
        const { feeReceiver } = paymentInfo;
        await done(chargeAsOperator(base.wallets.relayer, { ...at, ...signed, fee: none, feeReceiver }));
        await expectState(0n, AMOUNT);
        expect(await balances()).to.deep.equal({ payer: 0n, receiver: AMOUNT, feeReceiver: 0n, store: 0n });

        await base.fundUsdc(base.actors.relayer.address, CAPTURED);
        await approve("relayer", commerce.operatorRefundCollector);
        await done(refundAsOperator(base.wallets.relayer, { ...at, amount: CAPTURED }));
        await expectState(0n, AMOUNT - CAPTURED);
        expect(await balances()).to.deep.equal({ payer: CAPTURED, receiver: AMOUNT, feeReceiver: 0n, store: 0n });
      });

      it("holds what the payer has approved on chain", async () => {
        const at = { escrow, paymentInfo };
        await approve("buyer", commerce.preApprovalCollector);
        await done(preApprove(base.wallets.buyer, at));
        await done(authorizeAsOperator(base.wallets.relayer, { ...at, ...byPreApproval(escrow) }));
        await expectState(AMOUNT, 0n);
      });
    });
  }
}
