import { expect } from "chai";
import { encodeFunctionData, keccak256, toHex, type Address, type PrivateKeyAccount } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { flashSettlementAbi } from "../../../client/abi/index.ts";
import { flashDomain, flashTypes } from "../../../client/flash/typedData.ts";
import { ChainUnavailableError, InvalidLimitError, ReservationLostError } from "../../../client/seller/core/errors.ts";
import { loadNativeBackend, viemBackend } from "../../../client/seller/core/signature.ts";
import { createFlashAcceptor } from "../../../client/seller/flash/accept.ts";
import { InvalidPriceError, UnknownTokenError } from "../../../client/seller/flash/errors.ts";
import { DEFAULT_FLASH_LIMITS } from "../../../client/seller/flash/limits.ts";
import { FLASH_REJECTIONS } from "../../../client/seller/flash/rejections.ts";
import { createMemoryFlashStore } from "../../../client/seller/flash/store/memory.ts";
import type {
  EscrowRead,
  EscrowUpdate,
  FlashAcceptor,
  FlashAcceptorOptions,
  FlashAcceptResult,
  FlashEscrowId,
  FlashStore,
  PresentedItem,
} from "../../../client/seller/flash/types.ts";
import { rejection } from "../rejection.ts";
import { block, DAY, ESCROW, NOW, SETTLEMENT, update } from "./fixtures.ts";

const T = DEFAULT_FLASH_LIMITS.settleSeconds;
const CLOSE_DELAY = 3_600n;

type Payment = Extract<PresentedItem, { readonly kind: "payment" }>;
type Tab = Extract<PresentedItem, { readonly kind: "tab" }>;

/** An acceptor over a chain that a test writes. */
interface Desk {
  readonly acceptor: FlashAcceptor;
  readonly store: FlashStore;
  readonly client: PrivateKeyAccount;
  readonly escrow: FlashEscrowId;
  readonly reads: readonly FlashEscrowId[];
  /** What the chain answers to the next reads; undefined: it does not answer. */
  chain: EscrowUpdate | undefined;
  now: bigint;
  chainTime: bigint | undefined;
  apply(overrides?: Partial<EscrowRead>, rest?: Parameters<typeof update>[1]): Promise<void>;
  payment(overrides?: Partial<Payment>, signer?: PrivateKeyAccount, domain?: object): Promise<Payment>;
  tab(overrides?: Partial<Tab>, signer?: PrivateKeyAccount): Promise<Tab>;
  transaction(args?: Partial<Record<string, unknown>>, fields?: object): Promise<PresentedItem>;
  answer(item: PresentedItem, price?: bigint): Promise<string>;
  accept(item: PresentedItem, price?: bigint): Promise<FlashAcceptResult>;
}

async function openDesk(options: Partial<FlashAcceptorOptions> = {}): Promise<Desk> {
  const client = privateKeyToAccount(generatePrivateKey());
  const escrow: FlashEscrowId = { ...ESCROW, client: client.address.toLowerCase() as Address };
  const store = options.store ?? createMemoryFlashStore();
  const reads: FlashEscrowId[] = [];
  const state: { chain: EscrowUpdate | undefined; now: bigint; chainTime: bigint | undefined } = {
    chain: undefined,
    now: NOW,
    chainTime: undefined,
  };
  const acceptor = await createFlashAcceptor({
    settlement: SETTLEMENT,
    server: ESCROW.server,
    tokens: [ESCROW.token],
    store,
    chain: {
      get chainTime() {
        return state.chainTime;
      },
      refreshEscrow: async (id) => {
        reads.push(id);
        if (state.chain === undefined) throw new ChainUnavailableError("a test says so", undefined);
        await store.applyChain([state.chain]);
      },
    },
    clock: () => state.now,
    ...options,
    limits: { maxTransactions: 64, ...options.limits },
  });
  const parties = { client: escrow.client, server: ESCROW.server, token: ESCROW.token };
  const desk: Omit<Desk, keyof typeof state> = {
    acceptor,
    store,
    client,
    escrow,
    reads,
    apply: (overrides = {}, rest = {}) =>
      store.applyChain([{ ...update({ signer: client.address, ...overrides }, rest), escrow }]),
    payment: async (overrides = {}, signer = client, domain = {}) => {
      const content = { amount: 100n, nonce: 0n, deadline: 0n, epoch: 0n, ...overrides };
      const signature = await signer.signTypedData({
        domain: { ...flashDomain(SETTLEMENT), ...domain },
        types: { Payment: flashTypes.Payment },
        primaryType: "Payment",
        message: { ...parties, ...content, deadline: Number(content.deadline), epoch: Number(content.epoch) },
      });
      return { kind: "payment", client: client.address, signature, ...content };
    },
    tab: async (overrides = {}, signer = client) => {
      const content = { total: 100n, lane: 17n, deadline: 0n, epoch: 0n, ...overrides };
      const signature = await signer.signTypedData({
        domain: flashDomain(SETTLEMENT),
        types: { Tab: flashTypes.Tab },
        primaryType: "Tab",
        message: { ...parties, ...content, deadline: Number(content.deadline), epoch: Number(content.epoch) },
      });
      return { kind: "tab", client: client.address, signature, ...content };
    },
    transaction: async (args = {}, fields = {}) => {
      const content = { ...parties, amount: 100n, nonce: 0n, deadline: 0n, epoch: 0n, ...args };
      const { server, token, amount, nonce, deadline, epoch } = content;
      const rawTransaction = await client.signTransaction({
        type: "eip1559",
        chainId: Number(SETTLEMENT.chainId),
        to: SETTLEMENT.settlement,
        data: encodeFunctionData({
          abi: flashSettlementAbi,
          functionName: "settleNumberedPayment",
          args: [server, token, amount, nonce, Number(deadline), Number(epoch)],
        }),
        nonce: 3,
        gas: 200_000n,
        maxFeePerGas: 1n,
        maxPriorityFeePerGas: 1n,
        ...fields,
      });
      return { kind: "transaction", rawTransaction };
    },
    accept: (item, price = 100n) => acceptor.accept({ item, token: ESCROW.token, price }),
    answer: async (item, price = 100n) => {
      const result = await acceptor.accept({ item, token: ESCROW.token, price });
      if (!result.isAccepted) return result.code;
      await acceptor.commit(result.reservation);
      return "accepted";
    },
  };
  return Object.assign(state, desk);
}

describe("acceptance of flash payments", () => {
  let desk: Desk;

  beforeEach(async () => {
    desk = await openDesk();
    await desk.apply();
  });

  afterEach(async () => {
    await desk.store.close();
  });

  const failed = (result: FlashAcceptResult) => {
    if (result.isAccepted) throw new Error("it was accepted");
    return result;
  };

  describe("what pays", () => {
    it("takes a payment, a tab and a signed transaction, and asks the chain nothing", async () => {
      expect(await desk.answer(await desk.payment())).to.equal("accepted");
      expect(await desk.answer(await desk.tab())).to.equal("accepted");
      expect(await desk.answer(await desk.transaction())).to.equal("accepted");
      expect(desk.reads).to.deep.equal([]);
      const state = await desk.store.getEscrow(desk.escrow);
      expect([state?.accepted, state?.available]).to.deep.equal([300n, 700n]);
    });

    it("serves a tab's requests up to its total, and raises A by what it adds", async () => {
      expect(await desk.answer(await desk.tab({ total: 300n }))).to.equal("accepted");
      expect(await desk.answer(await desk.tab({ total: 300n }))).to.equal("accepted");
      expect(await desk.answer(await desk.tab({ total: 250n }))).to.equal("accepted");
      expect(await desk.answer(await desk.tab({ total: 300n }))).to.equal("flash_amount_insufficient");
      expect((await desk.store.getEscrow(desk.escrow))?.accepted).to.equal(300n);
      expect(await desk.answer(await desk.tab({ total: 400n }))).to.equal("accepted");
      expect((await desk.store.getEscrow(desk.escrow))?.accepted).to.equal(400n);
    });

    it("takes one of many equal requests that come at once", async () => {
      const item = await desk.payment();
      const answers = await Promise.all(Array.from({ length: 20 }, () => desk.answer(item)));
      expect(answers.filter((answer) => answer === "accepted")).to.have.length(1);
      expect(answers.filter((answer) => answer === "flash_nonce_used")).to.have.length(19);
    });

    it("R1: never takes more than the escrow, however many come at once", async () => {
      const items = await Promise.all(
        Array.from({ length: 20 }, (_, index) => desk.payment({ nonce: BigInt(index), amount: 70n })),
      );
      const answers = await Promise.all(items.map((item) => desk.answer(item, 70n)));
      expect(answers.filter((answer) => answer === "accepted")).to.have.length(14);
      expect(answers.filter((answer) => answer === "flash_exposure_exceeded")).to.have.length(6);
    });

    it("gives a payment that was not served back to the escrow, but not its nonce", async () => {
      const item = await desk.payment({ amount: 1_000n });
      const result = await desk.accept(item);
      if (!result.isAccepted) throw new Error(result.code);
      await desk.acceptor.cancel(result.reservation);
      expect(await desk.answer(item)).to.equal("flash_nonce_used");
      expect(await desk.answer(await desk.payment({ amount: 1_000n, nonce: 1n }))).to.equal("accepted");
    });

    it("says the same with check, and reserves nothing", async () => {
      const check = (item: PresentedItem) => desk.acceptor.check({ item, token: ESCROW.token, price: 100n });
      const item = await desk.payment({ amount: 1_000n });
      expect(await check(item)).to.equal(undefined);
      expect(await check(item)).to.equal(undefined);
      expect(await desk.answer(item)).to.equal("accepted");
      expect((await check(item))?.code).to.equal("flash_nonce_used");
      expect((await check(await desk.payment({}, privateKeyToAccount(generatePrivateKey()))))?.code).to.equal(
        "flash_signature_invalid",
      );
    });
  });

  describe("R2: the lock", () => {
    it("takes until T before the unlock time, and not at it", async () => {
      await desk.apply({ unlockAt: NOW + T + 1n, block: block(101n) });
      expect(await desk.answer(await desk.payment())).to.equal("accepted");
      await desk.apply({ unlockAt: NOW + T, block: block(102n) });
      expect(await desk.answer(await desk.payment({ nonce: 1n }))).to.equal("flash_lock_too_short");
    });

    it("counts an unlock time that only the head shows", async () => {
      await desk.apply({ block: block(101n) }, { head: { unlockAt: NOW + T } });
      expect(await desk.answer(await desk.payment())).to.equal("flash_lock_too_short");
    });

    it("stops by itself once the last read is older than the close delay less T", async () => {
      desk.now = NOW + CLOSE_DELAY - T - 1n;
      expect(await desk.answer(await desk.payment())).to.equal("accepted");
      desk.now += 1n;
      expect(await desk.answer(await desk.payment({ nonce: 1n }))).to.equal("flash_stale_state");
      expect(desk.reads).to.have.length(1);
    });

    it("reads the escrow again when its last read is too old", async () => {
      desk.now = NOW + DAY / 2n;
      const fresh = { signer: desk.client.address, block: block(200n, desk.now) };
      desk.chain = { ...update(fresh), escrow: desk.escrow };
      expect(await desk.answer(await desk.payment())).to.equal("accepted");
      expect(desk.reads).to.have.length(1);
      expect(await desk.answer(await desk.payment({ nonce: 1n }))).to.equal("accepted");
      expect(desk.reads).to.have.length(1);
    });

    it("goes by the chain's time where the machine's clock is slow", async () => {
      desk.chainTime = NOW + CLOSE_DELAY - T;
      expect(await desk.answer(await desk.payment())).to.equal("flash_stale_state");
    });

    it("goes by the time at which a read of the chain ends", async () => {
      let now = NOW + DAY / 2n;
      const refreshEscrow = async (): Promise<void> => {
        const block200 = block(200n, now);
        now += 60n;
        await desk.apply({ unlockAt: now + T, block: block200 });
      };
      desk = await openDesk({ clock: () => now, chain: { chainTime: undefined, refreshEscrow } });
      expect(await desk.answer(await desk.payment())).to.equal("flash_lock_too_short");
    });

    it("loses a request that was served so long that T is no longer left", async () => {
      const unlockAt = NOW + 2n * T;
      await desk.apply({ unlockAt, block: block(101n) });
      const late = await desk.accept(await desk.payment({ nonce: 0n }));
      const later = await desk.accept(await desk.payment({ nonce: 1n }));
      if (!late.isAccepted || !later.isAccepted) throw new Error("refused");
      desk.now = unlockAt - T - 1n;
      await desk.acceptor.commit(late.reservation);
      desk.now += 1n;
      expect(await rejection(desk.acceptor.commit(later.reservation))).to.be.instanceOf(ReservationLostError);
      expect((await desk.store.getEscrow(desk.escrow))?.accepted).to.equal(100n);
    });

    it("R3: loses a request that was served until T before its deadline", async () => {
      const deadline = NOW + 2n * T;
      const result = await desk.accept(await desk.payment({ deadline }));
      if (!result.isAccepted) throw new Error(result.code);
      desk.now = deadline - T;
      expect(await rejection(desk.acceptor.commit(result.reservation))).to.be.instanceOf(ReservationLostError);
    });

    it("tells up to when it accepts", async () => {
      const result = await desk.accept(await desk.payment());
      expect(result.isAccepted && result.safeUntil).to.equal(NOW + CLOSE_DELAY);
    });
  });

  it("R3: demands that a deadline leaves T", async () => {
    expect(await desk.answer(await desk.payment({ deadline: NOW + T }))).to.equal("flash_deadline_too_soon");
    expect(await desk.answer(await desk.payment({ deadline: NOW + T + 1n }))).to.equal("accepted");
    expect(await desk.answer(await desk.tab({ deadline: NOW + T }))).to.equal("flash_deadline_too_soon");
    expect(await desk.answer(await desk.transaction({ deadline: NOW + T }))).to.equal("flash_deadline_too_soon");
  });

  describe("R4: nonces", () => {
    it("takes a window above the base, in any order", async () => {
      expect(await desk.answer(await desk.payment({ nonce: 1_023n }))).to.equal("accepted");
      await desk.apply({ block: block(101n) });
      const { corrective, code } = failed(await desk.accept(await desk.payment({ nonce: 5_000n })));
      expect(code).to.equal("flash_nonce_out_of_window");
      expect(corrective?.nonceBase).to.equal((await desk.store.getEscrow(desk.escrow))?.nonceBase);
    });

    it("refuses a second payment signed under an accepted nonce", async () => {
      expect(await desk.answer(await desk.payment({ nonce: 7n }))).to.equal("accepted");
      expect(await desk.answer(await desk.payment({ nonce: 7n, amount: 101n }))).to.equal("flash_nonce_used");
    });
  });

  describe("R5: signatures", () => {
    const stranger = privateKeyToAccount(generatePrivateKey());

    it("takes only the key that the escrow names", async () => {
      expect(await desk.answer(await desk.payment({}, stranger))).to.equal("flash_signature_invalid");
      await desk.apply({ signer: stranger.address, block: block(101n) });
      expect(await desk.answer(await desk.payment({}, stranger))).to.equal("accepted");
      expect(await desk.answer(await desk.payment({ nonce: 1n }))).to.equal("flash_signature_invalid");
    });

    it("refuses another chain, another contract and any change", async () => {
      const item = await desk.payment();
      for (const domain of [{ chainId: 1 }, { verifyingContract: ESCROW.token }]) {
        expect(await desk.answer(await desk.payment({}, desk.client, domain))).to.equal("flash_signature_invalid");
      }
      for (const change of [{ amount: 101n }, { nonce: 1n }, { deadline: NOW + DAY }, { client: stranger.address }]) {
        expect(await desk.answer({ ...item, ...change }), JSON.stringify(Object.keys(change))).to.be.oneOf([
          "flash_signature_invalid",
          "flash_escrow_not_found",
        ]);
      }
    });

    it("refuses what is no signature or no number of its type", async () => {
      const item = await desk.payment();
      for (const signature of ["0x", "0x00", `${item.signature}00`, item.signature.slice(0, -4)] as const) {
        expect(await desk.answer({ ...item, signature: signature as `0x${string}` })).to.equal(
          "flash_signature_invalid",
        );
      }
      for (const change of [{ amount: 1n << 128n }, { amount: -1n }, { nonce: 1n << 64n }, { epoch: 1n << 32n }]) {
        expect(await desk.answer({ ...item, ...change })).to.equal("flash_signature_invalid");
      }
    });

    it("recovers natively and with viem alike", async () => {
      const native = await loadNativeBackend();
      if (native === undefined) throw new Error("the native library does not load");
      for (const signatures of [native, viemBackend]) {
        const other = await openDesk({ signatures });
        await other.apply();
        expect(await other.answer(await other.payment())).to.equal("accepted");
        expect(await other.answer(await other.payment({ nonce: 1n }, stranger))).to.equal("flash_signature_invalid");
        await other.store.close();
      }
    });
  });

  it("R6: throws for a token that is not one of the server's, and for a price of nothing", async () => {
    const item = await desk.payment();
    const token = "0x00000000000000000000000000000000000000ff";
    expect(await rejection(desk.acceptor.accept({ item, token, price: 1n }))).to.be.instanceOf(UnknownTokenError);
    expect(await rejection(desk.acceptor.accept({ item, token: ESCROW.token, price: 0n }))).to.be.instanceOf(
      InvalidPriceError,
    );
  });

  describe("signed transactions", () => {
    it("refuses what pays somebody else, in another token, or calls otherwise", async () => {
      const other = "0x00000000000000000000000000000000000000ff";
      const bad = [
        await desk.transaction({ server: other }),
        await desk.transaction({ token: other }),
        await desk.transaction({}, { to: other }),
        await desk.transaction({}, { value: 1n }),
        await desk.transaction({}, { chainId: 1 }),
        await desk.transaction(
          {},
          { type: "legacy", gasPrice: 1n, maxFeePerGas: undefined, maxPriorityFeePerGas: undefined },
        ),
        { kind: "transaction", rawTransaction: "0x02c0" } as const,
        { kind: "transaction", rawTransaction: "0x" } as const,
      ];
      for (const [index, item] of bad.entries()) {
        expect(await desk.answer(item), `case ${index}`).to.equal("flash_transaction_invalid");
      }
    });

    it("names a transaction by its content: another fee makes no other payment", async () => {
      expect(await desk.answer(await desk.transaction())).to.equal("accepted");
      expect(await desk.answer(await desk.transaction({}, { nonce: 4, maxFeePerGas: 9n }))).to.equal(
        "flash_nonce_used",
      );
      expect(await desk.answer(await desk.transaction({ amount: 101n }))).to.equal("accepted");
    });

    it("are not taken unless the server says how many", async () => {
      for (const limits of [DEFAULT_FLASH_LIMITS, { maxTransactions: 0 }]) {
        const plain = await openDesk({ limits });
        await plain.apply();
        expect(await plain.answer(await plain.transaction())).to.equal("flash_payload_unsupported");
        await plain.store.close();
      }
    });

    it("are not taken below the least amount, whatever the price", async () => {
      const careful = await openDesk({ limits: { minTransaction: 100n } });
      await careful.apply();
      expect(await careful.answer(await careful.transaction({ amount: 99n }), 1n)).to.equal(
        "flash_transaction_too_small",
      );
      expect(await careful.answer(await careful.transaction({ amount: 100n }), 1n)).to.equal("accepted");
      await careful.store.close();
    });

    it("are held up to a number in all escrows, requests that are being served included", async () => {
      const busy = await openDesk({ limits: { maxTransactions: 3 } });
      await busy.apply();
      const pay = async (nonce: bigint) => busy.accept(await busy.transaction({ amount: 1n, nonce }), 1n);
      const [first, second, third] = [await pay(1n), await pay(2n), await pay(3n)];
      if (!first.isAccepted || !second.isAccepted || !third.isAccepted) throw new Error("refused");
      const full = failed(await pay(4n));
      expect([full.code, full.retryAfterMs]).to.deep.equal(["flash_transaction_limit", 5_000]);
      await busy.acceptor.cancel(first.reservation);
      await busy.acceptor.commit(second.reservation);
      await busy.acceptor.commit(third.reservation);
      expect(await busy.answer(await busy.transaction({ amount: 1n, nonce: 5n }), 1n)).to.equal("accepted");
      expect(failed(await pay(6n)).code).to.equal("flash_transaction_limit");
      // Payments and tabs are not among them.
      expect(await busy.answer(await busy.payment({ amount: 1n }), 1n)).to.equal("accepted");
      // What was settled leaves its place.
      const usedTransactions = (await busy.store.listUnsettledOf(busy.escrow)).map(({ item }) => item.digest);
      await busy.apply({ settled: 4n, block: block(101n) }, { usedTransactions });
      busy.now += 5n;
      expect(await busy.answer(await busy.transaction({ amount: 1n, nonce: 7n }), 1n)).to.equal("accepted");
      await busy.store.close();
    });

    it("refuses a client that is not the signer of its escrow", async () => {
      await desk.apply({ signer: ESCROW.server, block: block(101n) });
      expect(await desk.answer(await desk.transaction())).to.equal("flash_signature_invalid");
    });
  });

  describe("the escrow", () => {
    it("asks the chain about one it does not know, and takes what it finds", async () => {
      const fresh = await openDesk();
      fresh.chain = { ...update({ signer: fresh.client.address }), escrow: fresh.escrow };
      expect(await fresh.answer(await fresh.payment())).to.equal("accepted");
      expect(fresh.reads).to.deep.equal([fresh.escrow]);
      await fresh.store.close();
    });

    it("rations what strangers may ask of the chain", async () => {
      const fresh = await openDesk();
      fresh.chain = { ...update({ isOpen: false }), escrow: fresh.escrow };
      const item = await fresh.payment();
      const answers: string[] = [];
      for (let count = 0; count < 8; count += 1) answers.push(await fresh.answer(item));
      expect(new Set(answers)).to.deep.equal(new Set(["flash_escrow_not_found"]));
      expect(fresh.reads).to.have.length(4);
      await fresh.store.close();
    });

    it("refuses one whose opening is not final, and says when to try again", async () => {
      const fresh = await openDesk();
      const signer = fresh.client.address;
      fresh.chain = { ...update({ isOpen: false }, { head: { isOpen: true, signer } }), escrow: fresh.escrow };
      const result = failed(await fresh.accept(await fresh.payment()));
      expect([result.code, result.retryAfterMs]).to.deep.equal(["flash_escrow_pending", 2_000]);
      fresh.chain = { ...update({ signer, block: block(101n) }), escrow: fresh.escrow };
      expect(await fresh.answer(await fresh.payment())).to.equal("accepted");
      await fresh.store.close();
    });

    for (const flag of ["isClosedByClient", "isClosedByServer"] as const) {
      it(`refuses one with ${flag}, also when only the head shows it`, async () => {
        await desk.apply({ block: block(101n) }, { head: { [flag]: true } });
        expect(await desk.answer(await desk.payment())).to.equal("flash_escrow_closing");
        await desk.apply({ block: block(102n), [flag]: true });
        expect(await desk.answer(await desk.payment())).to.equal("flash_escrow_closing");
      });
    }

    it("R11: refuses one on which the server stopped", async () => {
      await desk.store.stop(desk.escrow, 0n);
      expect(await desk.answer(await desk.payment())).to.equal("flash_escrow_closing");
    });

    it("refuses terms below the server's", async () => {
      await desk.apply({ closeDelay: DEFAULT_FLASH_LIMITS.minCloseDelay - 1n, block: block(101n) });
      expect(await desk.answer(await desk.payment())).to.equal("flash_lock_too_short");
      const strict = await openDesk({ limits: { minEscrow: 1_001n } });
      await strict.apply();
      expect(await strict.answer(await strict.payment())).to.equal("flash_escrow_too_small");
      await strict.store.close();
    });

    it("refuses while a re-organisation has taken back what was read, unless the chain answers", async () => {
      await desk.store.rewindChain(SETTLEMENT, -1n);
      expect(await desk.answer(await desk.payment())).to.equal("flash_stale_state");
      desk.chain = { ...update({ signer: desk.client.address }), escrow: desk.escrow };
      desk.now += 10n;
      expect(await desk.answer(await desk.payment())).to.equal("accepted");
    });

    it("R10: takes nothing from a payer that is paused", async () => {
      const paused = await openDesk({ onFallback: "pause" });
      await paused.apply();
      expect(await paused.answer(await paused.payment())).to.equal("accepted");
      await paused.store.noteImpaired(paused.escrow, 0n);
      const { code, corrective } = failed(await paused.accept(await paused.payment({ nonce: 1n })));
      expect([code, corrective]).to.deep.equal(["flash_exposure_exceeded", undefined]);
      await paused.store.close();
    });
  });

  describe("corrective facts", () => {
    it("name epoch, nonce base, lanes and what is available to whoever signed with the escrow's key", async () => {
      const tab = await desk.tab({ total: 300n });
      await desk.answer(tab);
      await desk.answer(await desk.payment());
      const { code, corrective } = failed(await desk.accept(await desk.payment({ nonce: 1n, epoch: 3n })));
      expect(code).to.equal("flash_epoch_mismatch");
      expect(corrective).to.deep.equal({
        epoch: 0n,
        nonceBase: 1n,
        available: 600n,
        lanes: [{ lane: 17n, authorised: 300n, consumed: 100n, settled: 0n }],
      });
      // In a lane of its own the client is shown the tab that it signed.
      for (const again of [tab, tab]) expect(await desk.answer(again)).to.equal("accepted");
      const own = failed(await desk.accept(await desk.tab({ total: 50n })));
      expect([own.code, own.corrective?.lanes]).to.deep.equal([
        "flash_amount_insufficient",
        [{ lane: 17n, authorised: 300n, consumed: 300n, settled: 0n, proof: proofOf(tab) }],
      ]);
    });

    it("say what is left when the escrow is used up, and when to try again", async () => {
      const result = failed(await desk.accept(await desk.payment({ amount: 1_001n })));
      expect(result.code).to.equal("flash_exposure_exceeded");
      expect(result.corrective?.available).to.equal(1_000n);
      expect(result.retryAfterMs).to.equal(5_000);
      expect(result.message).to.equal(FLASH_REJECTIONS.flash_exposure_exceeded);
    });

    it("tell whoever replays what was settled what the chain tells everybody, and no more", async () => {
      const items = [await desk.payment(), await desk.tab({ total: 300n }), await desk.transaction()];
      for (const item of [...items, await desk.tab({ total: 200n, lane: 18n })]) {
        expect(await desk.answer(item)).to.equal("accepted");
      }
      await desk.store.notePublished(desk.escrow, 0n, [{ lane: 17n, total: 300n }]);
      await desk.apply(
        { settled: 500n, block: block(101n) },
        {
          nonceWords: [{ word: 0n, bits: 1n }],
          lanes: [{ lane: 17n, settled: 300n }],
          usedTransactions: (await desk.store.listUnsettledOf(desk.escrow)).map(({ item }) => item.digest),
        },
      );
      for (const [index, code] of ["flash_nonce_used", "flash_tab_settled", "flash_nonce_used"].entries()) {
        const item = items[index];
        if (item === undefined) throw new Error("no item");
        const result = failed(await desk.accept(item));
        expect(result.code).to.equal(code);
        // The tab stands in the calldata of its settlement.
        const total = { lane: 17n, authorised: 300n, consumed: 300n, settled: 300n, proof: proofOf(items[1]) };
        const lanes = code === "flash_tab_settled" ? [total] : [];
        expect(result.corrective).to.deep.equal({ epoch: 0n, nonceBase: 1n, available: 1_000n, lanes });
        expect((await desk.acceptor.check({ item, token: ESCROW.token, price: 100n }))?.code).to.equal(code);
      }
    });

    it("tell whoever replays a settled tab nothing of a later one that only the client and the server know", async () => {
      const settled = await desk.tab({ total: 300n });
      expect(await desk.answer(settled)).to.equal("accepted");
      await desk.store.notePublished(desk.escrow, 0n, [{ lane: 17n, total: 300n }]);
      await desk.apply({ settled: 300n, block: block(101n) }, { lanes: [{ lane: 17n, settled: 300n }] });
      expect(await desk.answer(await desk.tab({ total: 450n }))).to.equal("accepted");
      const { code, corrective } = failed(await desk.accept(settled));
      expect(code).to.equal("flash_tab_settled");
      expect(corrective?.lanes).to.deep.equal([{ lane: 17n, authorised: 300n, consumed: 300n, settled: 300n }]);
    });

    it("tell whoever replays an item of an earlier epoch what the chain tells everybody, and no more", async () => {
      const items = [await desk.payment(), await desk.tab(), await desk.transaction()];
      await desk.apply({ epoch: 1n, balance: 700n, block: block(101n) });
      expect(await desk.answer(await desk.tab({ epoch: 1n }))).to.equal("accepted");
      expect(await desk.answer(await desk.payment({ epoch: 1n }))).to.equal("accepted");
      for (const item of items) {
        const { code, corrective } = failed(await desk.accept(item));
        expect(code).to.equal("flash_epoch_mismatch");
        expect(corrective).to.deep.equal({ epoch: 1n, nonceBase: 0n, available: 700n, lanes: [] });
      }
    });

    it("name the nonce base alone to whoever signed another payment under a used nonce", async () => {
      for (const item of [await desk.tab(), await desk.payment()]) expect(await desk.answer(item)).to.equal("accepted");
      const { code, corrective } = failed(await desk.accept(await desk.payment({ amount: 101n })));
      expect(code).to.equal("flash_nonce_used");
      expect(corrective).to.deep.equal({ epoch: 0n, nonceBase: 1n, available: 1_000n, lanes: [] });
    });

    it("are not told to strangers", async () => {
      const stranger = privateKeyToAccount(generatePrivateKey());
      expect(failed(await desk.accept(await desk.payment({ epoch: 3n }, stranger))).corrective).to.equal(undefined);
    });
  });

  describe("requests that were paid on-chain before", () => {
    const settled = (name: string, amount = 100n, epoch = 0n) =>
      desk.acceptor.acceptSettled({
        client: desk.client.address,
        token: ESCROW.token,
        transactionHash: keccak256(toHex(name)),
        amount,
        epoch,
        price: 100n,
      });

    it("are accepted by R1 against what the chain shows, once each", async () => {
      await desk.answer(await desk.payment({ amount: 1_000n }));
      expect(failed(await settled("one")).code).to.equal("flash_exposure_exceeded");
      await desk.apply({ settled: 100n, block: block(101n) });
      const result = await settled("one");
      if (!result.isAccepted) throw new Error(result.code);
      await desk.acceptor.commit(result.reservation);
      expect(failed(await settled("one")).code).to.equal("flash_nonce_used");
      expect((await desk.store.getEscrow(desk.escrow))?.accepted).to.equal(1_100n);
    });

    it("are refused below the price, in another epoch, and of an escrow that is closing", async () => {
      expect(failed(await settled("small", 99n)).code).to.equal("flash_amount_insufficient");
      expect(failed(await settled("old", 100n, 1n)).code).to.equal("flash_epoch_mismatch");
      await desk.apply({ isClosedByClient: true, block: block(101n) });
      expect(failed(await settled("late")).code).to.equal("flash_escrow_closing");
    });
  });

  describe("limits", () => {
    const options = (limits: object) => ({
      settlement: SETTLEMENT,
      server: ESCROW.server,
      tokens: [ESCROW.token],
      store: desk.store,
      chain: { chainTime: undefined, refreshEscrow: () => Promise.resolve() },
      limits,
    });

    for (const [name, limits] of [
      ["T is not below the close delay that is demanded", { settleSeconds: 900n, minCloseDelay: 900n }],
      ["T is zero", { settleSeconds: 0n }],
      ["the window is larger than 1,024", { nonceWindow: 1_025n }],
      ["the window is empty", { nonceWindow: 0n }],
      ["lanes are negative", { maxLanes: -1 }],
      ["signed transactions are negative", { maxTransactions: -1 }],
      ["a request may not be served at all", { reservationSeconds: 0n }],
      ["a request may be served until nothing of T is left", { reservationSeconds: T }],
    ] as const) {
      it(`does not start when ${name}`, async () => {
        expect(await rejection(createFlashAcceptor(options(limits)))).to.be.instanceOf(InvalidLimitError);
      });
    }
  });
});

/** What proves the total of a lane. */
function proofOf(item: PresentedItem | undefined) {
  if (item?.kind !== "tab") throw new Error("no tab");
  const { deadline, signature } = item;
  return { deadline, signature };
}
