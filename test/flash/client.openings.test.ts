import { expect } from "chai";
import { encodeFunctionData, erc20Abi, maxUint256, parseAbi, zeroAddress, type Address } from "viem";
import {
  AmountTooLargeError,
  BY_ALLOWANCE,
  BadSignatureError,
  BadTermsError,
  ClosedError,
  EscrowExistsError,
  ExpiredError,
  ForeignRevertError,
  MAX_AMOUNT,
  NEVER,
  NoEscrowError,
  TransferMismatchError,
  WrongEpochError,
  closeEscrow,
  escrowId,
  extendEscrow,
  extendEscrowWithAuthorization,
  getEscrowBalance,
  openEscrow,
  openEscrowWithPermit,
  openEscrowWithTerms,
  parseFlashEvents,
  proposeAllowance,
  signExtendEscrow,
  signOpenEscrow,
  signPermit,
  signTopUp,
  simulateOpenEscrowWithTerms,
  simulateTopUpWithAuthorization,
  toCompactSignature,
  topUp,
  topUpWithAuthorization,
  verifyMessageOnChain,
  type TopUp,
} from "x402-escrow/flash";
import { USDC } from "../base/addresses.ts";
import { actors, testAccount } from "../helpers/actors.ts";
import { rejectedWith } from "../helpers/rejectedWith.ts";
import { DAY, FUNDS, LOCKED, TOKEN_DOMAIN, payer, server, useFlash } from "./clientSetup.ts";

const newcomer = testAccount(8);
const walletAbi = parseAbi(["function execute(address target, bytes data)", "function rotate(address newOwner)"]);

describe("Flash client: openings and terms", () => {
  const flash = useFlash();

  async function walletWrite(address: Address, functionName: "execute" | "rotate", args: readonly unknown[]) {
    // viem relates the arguments to the name, which is one of two here.
    const call = { abi: walletAbi, address, functionName, args } as never;
    await flash.done(flash.base.wallets.stranger.writeContract(call));
  }

  describe("openEscrow", () => {
    it("opens by the sender's allowance and reports it", async () => {
      const { base, settlement, done, parties } = flash;
      const parameters = { settlement, server: server.address, token: USDC, amount: LOCKED, ttlSeconds: DAY };
      const receipt = await done(openEscrow(base.wallets.buyer, parameters));
      const [event] = parseFlashEvents({ settlement, logs: receipt.logs, eventName: "EscrowOpened" });
      expect(event?.args).to.include({ id: escrowId(parties), amount: LOCKED, epoch: 0, signer: payer.address });
      const { unlockAt, ...escrow } = await flash.escrow();
      const { timestamp } = await base.publicClient.getBlock();
      expect(unlockAt).to.equal(timestamp + DAY);
      expect(escrow).to.deep.equal({
        balance: LOCKED,
        settled: 0n,
        signer: payer.address,
        closeDelay: DAY,
        epoch: 0n,
        isOpen: true,
        isClosedByClient: false,
        isClosedByServer: false,
      });
      const pair = { settlement, client: payer.address, server: server.address };
      expect(await getEscrowBalance(base.publicClient, pair)).to.equal(LOCKED);
    });

    it("throws the contract's errors, typed, and sends nothing", async () => {
      const { base, settlement } = flash;
      const good = { settlement, server: server.address, token: USDC, amount: LOCKED, ttlSeconds: DAY };
      const before = await base.publicClient.getTransactionCount({ address: payer.address });
      const attempt = (changes: Partial<typeof good>) => openEscrow(base.wallets.buyer, { ...good, ...changes });
      expect((await rejectedWith(attempt({ amount: 0n }), BadTermsError)).term).to.equal("Amount");
      expect((await rejectedWith(attempt({ server: payer.address }), BadTermsError)).term).to.equal("Parties");
      expect((await rejectedWith(attempt({ token: newcomer.address }), BadTermsError)).term).to.equal("Token");
      expect((await rejectedWith(attempt({ ttlSeconds: 59n }), BadTermsError)).term).to.equal("CloseDelay");
      const tooLarge = await rejectedWith(attempt({ amount: MAX_AMOUNT + 1n }), AmountTooLargeError);
      expect(tooLarge.args).to.deep.equal({ amount: MAX_AMOUNT + 1n, limit: MAX_AMOUNT });
      const refused = await rejectedWith(attempt({ amount: FUNDS + 1n }), ForeignRevertError);
      expect(refused.reason).to.match(/^ERC20: transfer amount exceeds/);
      expect(await base.publicClient.getTransactionCount({ address: payer.address })).to.equal(before);
    });

    it("throws TransferMismatchError for a token that takes a fee", async () => {
      const token = await flash.mockToken("FeeOnTransferToken");
      const parameters = { settlement: flash.settlement, server: server.address, token };
      const opening = openEscrow(flash.base.wallets.buyer, { ...parameters, amount: LOCKED, ttlSeconds: DAY });
      await rejectedWith(opening, TransferMismatchError);
    });
  });

  describe("openEscrowWithTerms", () => {
    const choices = [
      { method: "Allowance" },
      { method: "Eip3009", tokenDomain: TOKEN_DOMAIN },
      { method: "Permit2" },
    ] as const;

    for (const funding of choices) {
      it(`opens by one signature with ${funding.method}, relayed by anybody`, async () => {
        const { base, settlement, here, done } = flash;
        const terms = flash.termsOf({ ttlSeconds: 0n, signer: newcomer.address });
        const opening = await signOpenEscrow(payer, { terms, funding, ...here });
        expect(opening.funding.method).to.equal(funding.method);
        await simulateOpenEscrowWithTerms(base.publicClient, { settlement, ...opening });
        await done(openEscrowWithTerms(base.wallets.relayer, { settlement, ...opening }));
        const escrow = await flash.escrow();
        expect(escrow).to.include({ balance: LOCKED, unlockAt: NEVER, closeDelay: 900n, isOpen: true });
        expect(escrow.signer).to.equal(newcomer.address);
        const again = openEscrowWithTerms(base.wallets.relayer, { settlement, ...opening });
        expect((await rejectedWith(again, EscrowExistsError)).args.id).to.equal(escrowId(flash.parties));
      });

      it(`refuses changed terms with ${funding.method}`, async () => {
        const { base, settlement, here } = flash;
        const opening = await signOpenEscrow(payer, { terms: flash.termsOf(), funding, ...here });
        const changed = { settlement, ...opening, terms: { ...opening.terms, closeDelay: 60n } };
        const error = funding.method === "Allowance" ? BadSignatureError : ForeignRevertError;
        await rejectedWith<Error>(simulateOpenEscrowWithTerms(base.publicClient, changed), error);
        await rejectedWith<Error>(openEscrowWithTerms(base.wallets.relayer, changed), error);
      });
    }

    it("opens without a signature when the client sends", async () => {
      const { base, settlement, done } = flash;
      const opening = { settlement, terms: flash.termsOf(), signature: "0x", funding: BY_ALLOWANCE } as const;
      await done(openEscrowWithTerms(base.wallets.buyer, opening));
      expect((await flash.escrow()).isOpen).to.equal(true);
    });

    it("throws ExpiredError, WrongEpochError and BadTermsError", async () => {
      const { base, settlement, here, now } = flash;
      const attempt = async (changes: object) => {
        const terms = flash.termsOf(changes);
        const opening = await signOpenEscrow(payer, { terms, funding: { method: "Allowance" }, ...here });
        return openEscrowWithTerms(base.wallets.relayer, { settlement, ...opening });
      };
      expect((await rejectedWith(attempt({ deadline: now - 1n }), ExpiredError)).args.deadline).to.equal(now - 1n);
      expect((await rejectedWith(attempt({ epoch: 3n }), WrongEpochError)).args).to.deep.equal({
        epoch: 3n,
        current: 0n,
      });
      expect((await rejectedWith(attempt({ signer: server.address }), BadTermsError)).term).to.equal("Signer");
      expect((await rejectedWith(attempt({ ttlSeconds: 100n }), BadTermsError)).term).to.equal("Ttl");
      const both = await signOpenEscrow(payer, { terms: flash.termsOf(), funding: { method: "Permit2" }, ...here });
      const twice = openEscrowWithTerms(base.wallets.relayer, { settlement, ...both, signature: "0x01" });
      expect((await rejectedWith(twice, BadTermsError)).term).to.equal("Funding");
    });

    it("opens for a contract wallet that signs by ERC-1271, checked before", async () => {
      const { base, settlement, here, done } = flash;
      const wallet = await base.viem.deployContract("OwnedWallet", [payer.address]);
      await base.fundUsdc(wallet.address, FUNDS);
      const terms = flash.termsOf({ client: wallet.address, signer: payer.address });
      const data = encodeFunctionData({ abi: erc20Abi, functionName: "approve", args: [settlement, LOCKED] });
      await walletWrite(wallet.address, "execute", [USDC, data]);
      const opening = await signOpenEscrow(payer, { terms, funding: { method: "Allowance" }, ...here });
      const message = { primaryType: "OpenEscrow", message: terms, owner: wallet.address, ...here } as const;
      const check = { ...message, signature: opening.signature };
      expect(await verifyMessageOnChain(base.publicClient, check)).to.include({ isValid: true, signedBy: "contract" });
      await done(openEscrowWithTerms(base.wallets.relayer, { settlement, ...opening }));
      expect((await flash.escrow({ client: wallet.address })).isOpen).to.equal(true);
      await walletWrite(wallet.address, "rotate", [newcomer.address]);
      expect(await verifyMessageOnChain(base.publicClient, check)).to.deep.equal({ isValid: false });
    });

    it("knows a key's signature without asking, and refuses a stranger's", async () => {
      const { base, here } = flash;
      const terms = flash.termsOf();
      const { signature } = await signOpenEscrow(payer, { terms, funding: { method: "Allowance" }, ...here });
      const message = { primaryType: "OpenEscrow", message: terms, owner: payer.address, signature, ...here } as const;
      expect(await verifyMessageOnChain(base.publicClient, message)).to.include({ isValid: true, signedBy: "key" });
      const other = { ...message, owner: newcomer.address };
      expect(await verifyMessageOnChain(base.publicClient, other)).to.deep.equal({ isValid: false });
    });
  });

  describe("openEscrowWithPermit", () => {
    async function signedOpening(value = proposeAllowance({ amount: LOCKED })) {
      const { base, here, deadline } = flash;
      await base.fundUsdc(newcomer.address, FUNDS);
      const terms = flash.termsOf({ client: newcomer.address });
      const { signature } = await signOpenEscrow(newcomer, { terms, funding: { method: "Allowance" }, ...here });
      const permit = { value, nonce: 0n, deadline };
      const reference = { ...here, client: newcomer.address, token: USDC, permit, tokenDomain: TOKEN_DOMAIN };
      return { terms, signature, permit, permitSignature: await signPermit(newcomer, reference) };
    }

    it("opens for a client without native token, and leaves it a working allowance", async () => {
      const { base, settlement, done } = flash;
      await done(openEscrowWithPermit(base.wallets.relayer, { settlement, ...(await signedOpening()) }));
      expect((await flash.escrow({ client: newcomer.address })).balance).to.equal(LOCKED);
      const allowance = { abi: erc20Abi, address: USDC, functionName: "allowance" } as const;
      const args = [newcomer.address, settlement] as const;
      expect(await base.publicClient.readContract({ ...allowance, args })).to.equal(10n * LOCKED);
    });

    it("takes a compact permit signature", async () => {
      const { base, settlement, done } = flash;
      const signed = await signedOpening();
      const { r, vs } = toCompactSignature(signed.permitSignature);
      const permitSignature = `${r}${vs.slice(2)}` as const;
      await done(openEscrowWithPermit(base.wallets.relayer, { settlement, ...signed, permitSignature }));
      expect((await flash.escrow({ client: newcomer.address })).isOpen).to.equal(true);
    });

    it("throws the opening's own error, which Multicall3 hides", async () => {
      const { base, settlement } = flash;
      const signed = await signedOpening();
      const terms = { ...signed.terms, amount: LOCKED + 1n };
      await rejectedWith(
        openEscrowWithPermit(base.wallets.relayer, { settlement, ...signed, terms }),
        BadSignatureError,
      );
    });
  });

  describe("proposeAllowance", () => {
    it("proposes the opening and a multiple, and never an unlimited one", () => {
      expect(proposeAllowance({ amount: 5n })).to.equal(55n);
      expect(proposeAllowance({ amount: 5n, multiple: 2n })).to.equal(15n);
      expect(proposeAllowance({ amount: MAX_AMOUNT })).to.equal(MAX_AMOUNT);
      expect(MAX_AMOUNT < maxUint256).to.equal(true);
    });
  });

  describe("topUp", () => {
    it("locks more by allowance", async () => {
      const { base, settlement, done } = flash;
      await flash.open();
      const parameters = { settlement, server: server.address, token: USDC, amount: 7n, epoch: 0n };
      const receipt = await done(topUp(base.wallets.buyer, parameters));
      const [event] = parseFlashEvents({ settlement, logs: receipt.logs, eventName: "EscrowToppedUp" });
      expect(event?.args).to.include({ amount: 7n, balance: LOCKED + 7n });
      const wrong = topUp(base.wallets.buyer, { ...parameters, epoch: 1n });
      expect((await rejectedWith(wrong, WrongEpochError)).args).to.deep.equal({ epoch: 1n, current: 0n });
    });

    for (const funding of [{ method: "Eip3009", tokenDomain: TOKEN_DOMAIN }, { method: "Permit2" }] as const) {
      it(`locks more by one signature with ${funding.method}, once`, async () => {
        const { base, settlement, here, done, parties, deadline } = flash;
        await flash.open();
        const authorization: TopUp = { ...parties, amount: 7n, epoch: 0n, salt: 1n, deadline };
        const signed = await signTopUp(payer, { authorization, funding, ...here });
        await simulateTopUpWithAuthorization(base.publicClient, { settlement, ...signed });
        await done(topUpWithAuthorization(base.wallets.relayer, { settlement, ...signed }));
        expect((await flash.escrow()).balance).to.equal(LOCKED + 7n);
        await rejectedWith(topUpWithAuthorization(base.wallets.relayer, { settlement, ...signed }), ForeignRevertError);
      });
    }

    it("refuses the allowance in a relayed top-up", async () => {
      const { base, settlement, parties, deadline } = flash;
      await flash.open();
      const authorization: TopUp = { ...parties, amount: 7n, epoch: 0n, salt: 1n, deadline };
      const parameters = { settlement, authorization, funding: BY_ALLOWANCE };
      const error = await rejectedWith(topUpWithAuthorization(base.wallets.relayer, parameters), BadTermsError);
      expect(error.term).to.equal("Funding");
    });
  });

  describe("extendEscrow", () => {
    it("locks for longer, by call and by signature", async () => {
      const { base, settlement, here, parties, deadline, done } = flash;
      await flash.open();
      const { unlockAt } = await flash.escrow();
      const target = { settlement, server: server.address, token: USDC, epoch: 0n };
      await done(extendEscrow(base.wallets.buyer, { ...target, newUnlockAt: unlockAt + 1n }));
      const authorization = { ...parties, epoch: 0n, newUnlockAt: unlockAt + 2n, deadline };
      const signature = await signExtendEscrow(payer, { authorization, ...here });
      await done(extendEscrowWithAuthorization(base.wallets.relayer, { settlement, authorization, signature }));
      expect((await flash.escrow()).unlockAt).to.equal(unlockAt + 2n);
      const forged = { settlement, authorization: { ...authorization, newUnlockAt: NEVER }, signature };
      const error = await rejectedWith(extendEscrowWithAuthorization(base.wallets.relayer, forged), BadSignatureError);
      expect(error.args.expected).to.equal(payer.address);
    });

    it("throws NoEscrowError, and ClosedError once a side closed", async () => {
      const { base, settlement, parties, done } = flash;
      const target = { settlement, server: server.address, token: USDC, epoch: 0n, newUnlockAt: NEVER };
      await rejectedWith(extendEscrow(base.wallets.buyer, target), NoEscrowError);
      await flash.open();
      await done(closeEscrow(base.wallets.buyer, { settlement, ...parties, epoch: 0n }));
      await rejectedWith(extendEscrow(base.wallets.buyer, target), ClosedError);
    });
  });

  it("reads an escrow that was never opened as all zero", async () => {
    expect(await flash.escrow({ server: actors.stranger.address })).to.deep.equal({
      balance: 0n,
      settled: 0n,
      unlockAt: 0n,
      signer: zeroAddress,
      closeDelay: 0n,
      epoch: 0n,
      isOpen: false,
      isClosedByClient: false,
      isClosedByServer: false,
    });
  });
});
