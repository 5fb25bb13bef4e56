import { expect } from "chai";
import { encodeFunctionData, parseAbi, type Address } from "viem";
import { flashSettlementAbi } from "x402-escrow/abi";
import {
  BadSignatureError,
  BadTransactionError,
  ExpiredError,
  InsufficientGasError,
  InvalidSignedTransactionError,
  NoEscrowError,
  NonceUsedError,
  NotCoveredError,
  NotNumberedPaymentError,
  NotServerError,
  WrongEpochError,
  buildBatches,
  escrowId,
  getNonceWord,
  getTabSettled,
  isTransactionUsed,
  packPayment,
  parseBatch,
  parseOriginalTransaction,
  parseSettlements,
  quoteBatch,
  settleBatch,
  settleNumberedPayment,
  settlePayment,
  settleSignedPayment,
  settleSignedTransaction,
  settleTab,
  setSettler,
  signNumberedPayment,
  toCompactSignature,
  verifySignedTransaction,
  type Group,
  type SettleableItem,
} from "x402-escrow/flash";
import { USDC } from "../base/addresses.ts";
import { actors, testAccount } from "../helpers/actors.ts";
import { rejectedWith } from "../helpers/rejectedWith.ts";
import { FUNDS, otherPayer, otherServer, payer, server, useFlash } from "./clientSetup.ts";

const stranger = testAccount(9);
const TRANSACTION = { nonce: 0, gas: 300_000n, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n } as const;

describe("Flash client: settling", () => {
  const flash = useFlash();

  describe("settlePayment", () => {
    it("pays from the wallet and says so", async () => {
      const { base, settlement, done, parties } = flash;
      await flash.open();
      const parameters = { settlement, server: server.address, token: USDC, amount: 1_000n };
      const receipt = await done(settlePayment(base.wallets.buyer, parameters));
      expect(parseSettlements({ settlement, logs: receipt.logs })).to.deep.equal({
        settlements: [{ id: escrowId(parties), epoch: 0n, fromWallet: 1_000n, fromEscrow: 0n }],
        skipped: [],
      });
      expect((await flash.escrow()).settled).to.equal(1_000n);
    });

    it("throws NoEscrowError and NotCoveredError", async () => {
      const { base, settlement } = flash;
      const parameters = { settlement, server: server.address, token: USDC, amount: 2n * FUNDS };
      await rejectedWith(settlePayment(base.wallets.buyer, parameters), NoEscrowError);
      await flash.open();
      const error = await rejectedWith(settlePayment(base.wallets.buyer, parameters), NotCoveredError);
      expect(error.args).to.deep.equal({ have: FUNDS, need: 2n * FUNDS });
    });
  });

  describe("settleSignedPayment", () => {
    it("pays once, from the escrow when the allowance is gone", async () => {
      const { base, settlement, done, parties } = flash;
      await flash.open();
      await flash.approve(payer, 0n);
      const { payment, signature } = await flash.payment({ nonce: 7n });
      const parameters = { settlement, payment, signature, allowPartial: false };
      await done(settleSignedPayment(base.wallets.seller, parameters));
      expect(await flash.credit()).to.equal(1_000n);
      const word = { settlement, ...parties, epoch: 0n, word: 0n };
      expect(await getNonceWord(base.publicClient, word)).to.equal(1n << 7n);
      const error = await rejectedWith(settleSignedPayment(base.wallets.seller, parameters), NonceUsedError);
      expect(error.args.nonce).to.equal(7n);
    });

    it("throws NotServerError, BadSignatureError, WrongEpochError and ExpiredError", async () => {
      const { base, settlement, now } = flash;
      await flash.open();
      const attempt = async (changes: object, signer = payer, wallet = base.wallets.seller) => {
        const { payment, signature } = await flash.payment(changes, signer);
        return settleSignedPayment(wallet, { settlement, payment, signature, allowPartial: true });
      };
      const caller = actors.stranger.address;
      expect((await rejectedWith(attempt({}, payer, base.wallets.stranger), NotServerError)).args).to.deep.equal({
        caller,
      });
      expect((await rejectedWith(attempt({}, stranger), BadSignatureError)).args.expected).to.equal(payer.address);
      await rejectedWith(attempt({ epoch: 1n }), WrongEpochError);
      await rejectedWith(attempt({ deadline: now - 1n }), ExpiredError);
    });

    it("throws InsufficientGasError on a limit that cannot give the token its stipend", async () => {
      const { base, settlement } = flash;
      await flash.open();
      const { payment, signature } = await flash.payment();
      const request = { settlement, payment, signature, allowPartial: true, gas: 200_000n };
      const error = await rejectedWith(settleSignedPayment(base.wallets.seller, request), InsufficientGasError);
      expect(error.args.available < error.args.required).to.equal(true);
    });
  });

  describe("settleTab", () => {
    it("pays the increase of the lane, by anyone, and nothing when nothing is due", async () => {
      const { base, settlement, done, parties } = flash;
      await flash.open();
      const first = await flash.tab({ lane: 17n, total: 1_000n });
      await done(settleTab(base.wallets.stranger, { settlement, ...first }));
      const second = await flash.tab({ lane: 17n, total: 1_500n });
      const receipt = await done(settleTab(base.wallets.stranger, { settlement, ...second }));
      expect(parseSettlements({ settlement, logs: receipt.logs }).settlements[0]?.fromWallet).to.equal(500n);
      const lane = { settlement, ...parties, epoch: 0n, lane: 17n };
      expect(await getTabSettled(base.publicClient, lane)).to.equal(1_500n);
      const again = await done(settleTab(base.wallets.stranger, { settlement, ...second }));
      expect(again.logs).to.deep.equal([]);
    });

    it("survives a wallet that pays again after the estimate", async () => {
      const { base, settlement } = flash;
      await flash.open();
      await flash.approve(payer, 0n);
      const tab = await flash.tab();
      // The estimate saw an empty wallet; what is sent has room for a pull.
      const hash = await settleTab(base.wallets.stranger, { settlement, ...tab });
      const { gas } = await base.publicClient.getTransaction({ hash });
      const { gasUsed } = await base.publicClient.waitForTransactionReceipt({ hash });
      expect(gas - gasUsed > 214_000n).to.equal(true);
    });
  });

  describe("signed transactions", () => {
    const numbered = (changes: object = {}) => ({
      server: server.address,
      token: USDC,
      amount: 1_000n,
      nonce: 42n,
      deadline: 0n,
      epoch: 0n,
      ...changes,
    });
    const signed = (changes: object = {}, signer = payer) =>
      signNumberedPayment(signer, { ...flash.here, payment: numbered(changes), transaction: TRANSACTION });

    it("verify without a request", async () => {
      const rawTransaction = await signed();
      const expected = { rawTransaction, ...flash.here, server: server.address, token: USDC, price: 1_000n };
      const verified = await verifySignedTransaction({ ...expected, signer: payer.address });
      expect(verified).to.include({ client: payer.address.toLowerCase(), amount: 1_000n, nonce: 42n, epoch: 0n });
      for (const [fault, wrong] of [
        ["server", { server: otherServer.address }],
        ["token", { token: stranger.address }],
        ["amount", { price: 1_001n }],
        ["signer", { signer: stranger.address }],
        ["chainId", { chainId: 1 }],
        ["target", { settlement: stranger.address }],
        ["encoding", { rawTransaction: `${rawTransaction}00` as const }],
      ] as const) {
        const error = await rejectedWith(
          verifySignedTransaction({ ...expected, ...wrong }),
          InvalidSignedTransactionError,
        );
        expect(error.fault).to.equal(fault);
      }
    });

    it("refuse an amount of zero", async () => {
      const rawTransaction = await signed({ amount: 0n });
      const check = verifySignedTransaction({
        rawTransaction,
        ...flash.here,
        server: server.address,
        token: USDC,
        price: 0n,
      });
      expect((await rejectedWith(check, InvalidSignedTransactionError)).fault).to.equal("amount");
    });

    it("are settled as evidence, and landing later does nothing", async () => {
      const { base, settlement, done, parties } = flash;
      await flash.open();
      const nonce = await base.publicClient.getTransactionCount({ address: payer.address });
      const transaction = { ...TRANSACTION, nonce };
      const rawTransaction = await signNumberedPayment(payer, { ...flash.here, payment: numbered(), transaction });
      const parameters = { settlement, rawTransaction, allowPartial: false };
      await done(settleSignedTransaction(base.wallets.stranger, parameters));
      const content = { amount: 1_000n, nonce: 42n, deadline: 0n, epoch: 0n };
      expect(await isTransactionUsed(base.publicClient, { settlement, ...parties, ...content })).to.equal(true);
      const landed = await done(base.publicClient.sendRawTransaction({ serializedTransaction: rawTransaction }));
      expect(landed.logs).to.deep.equal([]);
      expect((await flash.escrow()).settled).to.equal(1_000n);
      await rejectedWith(settleSignedTransaction(base.wallets.stranger, parameters), NonceUsedError);
    });

    it("are what settleNumberedPayment does when the client sends", async () => {
      const { base, settlement, done } = flash;
      await flash.open();
      await done(settleNumberedPayment(base.wallets.buyer, { settlement, payment: numbered() }));
      expect((await flash.escrow()).settled).to.equal(1_000n);
    });

    it("throw the contract's errors, typed", async () => {
      const { base, settlement } = flash;
      await flash.open();
      const send = (rawTransaction: `0x${string}`, allowPartial = false) =>
        settleSignedTransaction(base.wallets.stranger, { settlement, rawTransaction, allowPartial });
      const raw = await signed();
      const cut = await rejectedWith(send(raw.slice(0, -2) as `0x${string}`), BadTransactionError);
      expect(cut.fault).to.equal("Length");
      await rejectedWith(send(raw, true), NotServerError);
      await rejectedWith(send(await signed({}, stranger)), NoEscrowError);
    });

    it("of the original form are read, and are no evidence", async () => {
      const { base, settlement } = flash;
      await flash.open();
      const data = encodeFunctionData({
        abi: flashSettlementAbi,
        functionName: "settlePayment",
        args: [server.address, USDC, 1_000n],
      });
      const fields = { type: "eip1559", chainId: 8453, to: settlement, data, value: 0n, ...TRANSACTION } as const;
      const rawTransaction = await payer.signTransaction(fields);
      expect(parseOriginalTransaction(rawTransaction, flash.here)).to.include({
        server: server.address.toLowerCase(),
        amount: 1_000n,
      });
      const check = verifySignedTransaction({ rawTransaction, ...flash.here, server: server.address, token: USDC });
      expect((await rejectedWith(check, InvalidSignedTransactionError)).fault).to.equal("data");
      const settle = settleSignedTransaction(base.wallets.seller, { settlement, rawTransaction, allowPartial: false });
      expect((await rejectedWith(settle, BadTransactionError)).fault).to.equal("Length");
      const padded = await payer.signTransaction({ ...fields, data: `${data}${"00".repeat(96)}` });
      const evidence = { settlement, rawTransaction: padded, allowPartial: false };
      await rejectedWith(settleSignedTransaction(base.wallets.seller, evidence), NotNumberedPaymentError);
    });
  });

  describe("quoteBatch and settleBatch", () => {
    /** Quotes, settles in the very next second, and expects the events, the escrows and the items to say what the quote said. */
    async function expectQuote(groups: readonly Group[], { allowPartial = false, account = server, time = 0n } = {}) {
      const { base, settlement, here, done } = flash;
      const { publicClient, networkHelpers } = base;
      const { timestamp } = await publicClient.getBlock();
      const next = time === 0n ? timestamp + 1n : time;
      const before = await stateOf(groups);
      const request = { ...here, groups, allowPartial, account: account.address, timestamp: next };
      const quotes = await quoteBatch(publicClient, request);
      await networkHelpers.time.setNextBlockTimestamp(next);
      const gas = 8_000_000n;
      const receipt = await done(settleBatch(base.walletOf(account), { settlement, groups, allowPartial, gas }));
      const { settlements } = parseSettlements({ settlement, logs: receipt.logs });
      const paying = quotes.filter(({ fromWallet, fromEscrow }) => fromWallet + fromEscrow !== 0n);
      expect(paying.map(({ id, fromWallet, fromEscrow }) => ({ id, fromWallet, fromEscrow }))).to.deep.equal(
        settlements.map(({ id, fromWallet, fromEscrow }) => ({ id, fromWallet, fromEscrow })),
      );
      const outcomes = parseBatch({ settlement, logs: receipt.logs, groups });
      const reasons = (items: readonly { readonly reason: unknown }[]) => items.map(({ reason }) => reason);
      for (const [index, quote] of quotes.entries()) {
        expect(reasons(outcomes[index]?.payments ?? []), "payments").to.deep.equal(reasons(quote.payments));
        expect(reasons(outcomes[index]?.tabs ?? []), "tabs").to.deep.equal(reasons(quote.tabs));
        const paid = [...quote.payments, ...quote.tabs].reduce((sum, item) => sum + item.paid, 0n);
        expect(quote.fromWallet + quote.fromEscrow).to.equal(paid);
      }
      const after = await stateOf(groups);
      const fall = quotes.reduce((sum, { fromEscrow }) => sum + fromEscrow, 0n);
      expect(before.balances - after.balances).to.equal(fall);
      return quotes;
    }

    async function stateOf(groups: readonly Group[]) {
      const known = new Map(groups.map((group) => [escrowId(group), group]));
      let balances = 0n;
      for (const { client, server: payee, token } of known.values()) {
        balances += (await flash.escrow({ client, server: payee, token })).balance;
      }
      return { balances };
    }

    const groupsOf = (items: readonly SettleableItem[]): readonly Group[] =>
      buildBatches(items).flatMap(({ groups }) => groups);

    it("agree on payments and tabs from the wallet", async () => {
      await flash.open();
      const items = [await flash.payment({ nonce: 3n }), await flash.payment({ nonce: 1n }), await flash.tab()];
      const [quote] = await expectQuote(groupsOf(items));
      expect(quote?.fromWallet).to.equal(3_000n);
    });

    it("agree when the wallet covers a part and the escrow the rest", async () => {
      await flash.open();
      await flash.approve(payer, 1_500n);
      const [quote] = await expectQuote(groupsOf([await flash.payment({ nonce: 1n }), await flash.tab()]));
      expect(quote).to.include({ fromWallet: 1_500n, fromEscrow: 500n });
    });

    it("agree when nothing covers an item, and when it is sent again", async () => {
      await flash.open({ amount: 1_500n });
      await flash.approve(payer, 0n);
      const items = [1n, 2n, 3n].map((nonce) => flash.payment({ nonce, amount: nonce === 3n ? 500n : 1_000n }));
      const groups = groupsOf(await Promise.all(items));
      const [whole] = await expectQuote(groups);
      expect(whole?.payments.map(({ reason }) => reason)).to.deep.equal(["None", "NotCovered", "None"]);
      const [nothing] = await expectQuote(groups, { allowPartial: true });
      expect(nothing?.payments.map(({ reason }) => reason)).to.deep.equal(["Used", "NotCovered", "Used"]);
    });

    it("agree on partial collection", async () => {
      await flash.open({ amount: 1_500n });
      await flash.approve(payer, 0n);
      const groups = groupsOf([
        await flash.payment({ nonce: 1n }),
        await flash.payment({ nonce: 2n }),
        await flash.tab(),
      ]);
      const [quote] = await expectQuote(groups, { allowPartial: true });
      expect(quote?.payments.map(({ paid }) => paid)).to.deep.equal([1_000n, 500n]);
      expect(quote?.tabs[0]?.reason).to.equal("NotCovered");
    });

    it("agree on every reason to skip", async () => {
      const { now } = flash;
      await flash.open();
      const good = await flash.payment({ nonce: 1n });
      const [group] = groupsOf([
        good,
        await flash.payment({ nonce: 2n, deadline: now - 1n }),
        await flash.payment({ nonce: 3n }, stranger),
        await flash.tab({ lane: 1n, total: 10n }),
      ]);
      if (group === undefined) throw new Error("There is no group");
      const malformed = { ...packPayment(good), head: packPayment(good).head + 1n };
      const spoilt = {
        ...group,
        payments: [...group.payments, packPayment(good), malformed],
        tabs: [...group.tabs, ...group.tabs],
      };
      const unopened = groupsOf([await flash.payment({ server: otherServer.address })]);
      const quotes = await expectQuote([spoilt, ...unopened]);
      expect(quotes[0]?.payments.map(({ reason }) => reason)).to.deep.equal([
        "None",
        "Expired",
        "BadSignature",
        "Used",
        "Malformed",
      ]);
      expect(quotes[0]?.tabs.map(({ reason }) => reason)).to.deep.equal(["None", "Used"]);
      expect(quotes[1]?.payments.map(({ reason }) => reason)).to.deep.equal(["NoEscrow"]);
    });

    it("agree on who may consume payments", async () => {
      const { base, settlement, done, deadline } = flash;
      await flash.open();
      const groups = groupsOf([await flash.payment(), await flash.tab({ lane: 5n })]);
      const [refused] = await expectQuote(groups, { account: actors.relayer });
      expect(refused?.payments[0]?.reason).to.equal("NotServer");
      const right = { settlement, settler: actors.relayer.address, validUntil: deadline };
      await done(setSettler(base.wallets.seller, right));
      const [taken] = await expectQuote(groups, { account: actors.relayer });
      expect(taken?.payments[0]?.reason).to.equal("None");
      expect(taken?.tabs[0]?.reason).to.equal("Used");
    });

    it("agree at the last second of a deadline and a second later", async () => {
      const { now } = flash;
      await flash.open();
      const deadline = now + 1_000n;
      const groups = groupsOf([await flash.payment({ deadline })]);
      const first = await quoteBatch(flash.base.publicClient, {
        ...flash.here,
        groups,
        allowPartial: false,
        account: server.address,
        timestamp: deadline,
      });
      expect(first[0]?.payments[0]?.reason).to.equal("None");
      const [late] = await expectQuote(groups, { time: deadline + 1n });
      expect(late?.payments[0]?.reason).to.equal("Expired");
    });

    it("agree on one wallet behind several escrows, and on several payers", async () => {
      await flash.open();
      await flash.open({ server: otherServer.address });
      await flash.open({}, otherPayer);
      await flash.approve(payer, 1_500n);
      const items = await Promise.all([
        flash.payment(),
        flash.tab({ server: otherServer.address }),
        flash.payment({ client: otherPayer.address }, otherPayer),
      ]);
      const quotes = await expectQuote(groupsOf(items));
      expect(quotes.map(({ fromWallet, fromEscrow }) => [fromWallet, fromEscrow])).to.deep.equal([
        [1_000n, 0n],
        [500n, 500n],
        [1_000n, 0n],
      ]);
    });

    const failing = parseAbi(["function setFails(bool value)"]);

    it("agree when the token answers false", async () => {
      const { base, done } = flash;
      const token: Address = await flash.mockToken("FalseReturningToken");
      await flash.open({ token });
      const call = { abi: failing, address: token, functionName: "setFails", args: [true] } as const;
      await done(base.wallets.stranger.writeContract(call));
      const [quote] = await expectQuote(groupsOf([await flash.payment({ token }), await flash.tab({ token })]));
      expect(quote).to.include({ fromWallet: 0n, fromEscrow: 2_000n });
    });

    it("agree when only the second choice knows what is covered", async () => {
      const { base, done } = flash;
      const token: Address = await flash.mockToken("FalseReturningToken");
      await flash.open({ token, amount: 1_000n });
      const call = { abi: failing, address: token, functionName: "setFails", args: [true] } as const;
      await done(base.wallets.stranger.writeContract(call));
      // With the wallet, the first uses the nonce; without, only the second is covered.
      const items = [await flash.payment({ token, amount: 2_000n }), await flash.payment({ token })];
      const [quote] = await expectQuote(groupsOf(items));
      expect(quote?.payments.map(({ reason }) => reason)).to.deep.equal(["NotCovered", "None"]);
    });

    it("agree on a token that returns nothing", async () => {
      const token = await flash.mockToken("NoReturnToken");
      await flash.open({ token });
      const [quote] = await expectQuote(groupsOf([await flash.payment({ token })]));
      expect(quote?.fromWallet).to.equal(1_000n);
    });
  });

  describe("parseBatch", () => {
    it("does not guess which of two items with one first word was settled", async () => {
      const { base, settlement, done } = flash;
      await flash.open();
      const groups = buildBatches([await flash.payment(), await flash.tab()]).flatMap((batch) => batch.groups);
      const parameters = { settlement, groups, allowPartial: false };
      const { logs } = await done(settleBatch(base.wallets.stranger, parameters));
      const [outcome] = parseBatch({ settlement, logs, groups });
      expect(outcome?.payments[0]?.reason).to.equal(undefined);
      expect(outcome?.tabs[0]?.reason).to.equal(undefined);
    });
  });

  describe("parseBatch of two groups of one escrow", () => {
    it("does not guess which group's item was settled, and tells the others apart", async () => {
      const { settlement, done, base } = flash;
      await flash.open();
      const [twin, other] = [await flash.payment(), await flash.payment({ nonce: 9n })];
      const [first] = buildBatches([twin]).flatMap((batch) => batch.groups);
      const [second] = buildBatches([twin, other]).flatMap((batch) => batch.groups);
      if (first === undefined || second === undefined) throw new Error("no groups");
      const groups = [first, second];
      const parameters = { settlement, groups, allowPartial: false, gas: 8_000_000n };
      const { logs } = await done(settleBatch(base.walletOf(server), parameters));
      const outcomes = parseBatch({ settlement, logs, groups });
      expect(outcomes.map(({ payments }) => payments.map(({ reason }) => reason))).to.deep.equal([
        [undefined],
        [undefined, "None"],
      ]);
    });
  });

  describe("buildBatches", () => {
    it("sorts payments by nonce, groups by escrow, and bounds the gas", async () => {
      const nonces = [300n, 2n, 1n, 301n];
      const items = await Promise.all([
        ...nonces.map((nonce) => flash.payment({ nonce })),
        flash.tab(),
        flash.payment({ server: otherServer.address }),
      ]);
      const [batch, ...others] = buildBatches(items);
      expect(others).to.deep.equal([]);
      expect(batch?.groups.map((group) => group.payments.map(({ head }) => (head >> 64n) % (1n << 64n)))).to.deep.equal(
        [[1n, 2n, 300n, 301n], [0n]],
      );
      const split = buildBatches(items, { gasLimit: 220_000n });
      expect(split.length > 1).to.equal(true);
      expect(split.every(({ gas }) => gas <= 220_000n)).to.equal(true);
      const all = split.flatMap(({ groups }) => groups.flatMap(({ payments, tabs }) => [...payments, ...tabs]));
      expect(all).to.have.lengthOf(items.length);
    });

    it("expects at least the gas that a batch uses", async () => {
      const { base, settlement, done } = flash;
      await flash.open();
      await flash.open({}, otherPayer);
      const items = await Promise.all([
        ...Array.from({ length: 20 }, (_, nonce) => flash.payment({ nonce: BigInt(nonce) * 20n })),
        ...Array.from({ length: 5 }, (_, lane) => flash.tab({ lane: BigInt(lane) })),
        flash.payment({ client: otherPayer.address }, otherPayer),
      ]);
      const [batch] = buildBatches(items);
      const parameters = { settlement, groups: batch?.groups ?? [], allowPartial: true };
      const { gasUsed } = await done(settleBatch(base.wallets.seller, parameters));
      expect((await flash.escrow()).settled).to.equal(25_000n);
      expect(gasUsed < (batch?.gas ?? 0n)).to.equal(true);
    });

    it("takes 64-byte signatures", async () => {
      const { payment, signature } = await flash.payment();
      const { r, vs } = toCompactSignature(signature);
      const compact = { payment, signature: `${r}${vs.slice(2)}` as const };
      expect(packPayment(compact)).to.deep.equal(packPayment({ payment, signature }));
    });
  });
});
