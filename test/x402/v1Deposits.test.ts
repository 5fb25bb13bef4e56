import { expect } from "chai";
import type { Address, Hex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import {
  DEFAULT_LANE,
  DeferredEvmSchemeV1,
  DepositNeededError,
  type BuyerEvent,
  type DeferredEvmSchemeV1Options,
  type WirePayload,
} from "../../client/x402/deferred/index.ts";
import { USDC } from "../base/addresses.ts";
import { escrow, seller } from "./helpers/terms.ts";

const PRICE = 1_000n;
const SUGGESTED = 100_000n;
const TIMEOUT = 60n;
const LIFETIME = 8n * 86_400n;
const START = 1_800_000_000n;

/** An offer of a seller that relays ERC-3009 deposits. Says that the account is empty. */
function offer({ suggested = SUGGESTED, balance = 0n as bigint | null, payTo = seller } = {}) {
  return {
    scheme: "deferred",
    network: "base",
    maxAmountRequired: PRICE.toString(),
    payTo,
    asset: USDC,
    maxTimeoutSeconds: Number(TIMEOUT),
    extra: {
      type: "new",
      voucher: { id: DEFAULT_LANE, escrow },
      name: "USD Coin",
      version: "2",
      deposit: { minimum: PRICE.toString(), suggested: suggested.toString(), methods: ["eip3009"] },
      ...(balance !== null && { account: { balance: balance.toString() } }),
    },
  };
}

describe("x402 deferred: deposits of version 1", () => {
  const account = privateKeyToAccount(generatePrivateKey());
  let now = START;
  beforeEach(() => {
    now = START;
  });

  function makeScheme(options: Partial<DeferredEvmSchemeV1Options> = {}): DeferredEvmSchemeV1 {
    return new DeferredEvmSchemeV1({ buyer: account, escrows: [escrow], now: () => now, ...options });
  }

  /** Pays an offer. Returns the deposit that goes with it. */
  async function pay(scheme: DeferredEvmSchemeV1, asked: object = offer()) {
    const { payload } = await scheme.createPaymentPayload(1, asked as never);
    return (payload as unknown as WirePayload).depositAuthorization?.depositAuthorization;
  }

  const payAtOnce = (scheme: DeferredEvmSchemeV1, count: number, asked: object = offer()) =>
    Promise.all(Array.from({ length: count }, () => pay(scheme, asked)));
  const amountsOf = (deposits: readonly ({ amount: string; nonce: string } | undefined)[]) => [
    ...new Map(deposits.map((deposit) => [deposit?.nonce, deposit?.amount])).values(),
  ];

  async function expectDepositNeeded(paying: Promise<unknown>): Promise<void> {
    expect(await paying.catch((error: unknown) => error)).to.be.instanceOf(DepositNeededError);
  }

  it("are one for all first requests at once, and go with each of them", async () => {
    const deposits = await payAtOnce(makeScheme(), 4);
    expect(amountsOf(deposits)).to.deep.equal([SUGGESTED.toString()]);
    expect(deposits).to.not.include(undefined);
  });

  it("are as many as requests at once need", async () => {
    const deposits = await payAtOnce(makeScheme(), 5, offer({ suggested: 2n * PRICE }));
    expect(amountsOf(deposits)).to.deep.equal(["2000", "2000", "2000"]);
  });

  it("count payments from the balance too, so that one that is used up is not sent again", async () => {
    const scheme = makeScheme();
    const first = await pay(scheme, offer({ suggested: 2n * PRICE }));
    expect(await pay(scheme, offer({ balance: PRICE }))).to.equal(undefined);
    const next = await pay(scheme, offer({ suggested: 2n * PRICE }));
    expect(next?.nonce).to.not.equal(first?.nonce);
  });

  it("are signed anew when the time for an answer is over and the account is still empty", async () => {
    const scheme = makeScheme();
    const first = await pay(scheme);
    now += TIMEOUT;
    expect(await pay(scheme)).to.deep.equal(first);
    now += 1n;
    expect((await pay(scheme))?.nonce).to.not.equal(first?.nonce);
  });

  it("come with a first payment only when the seller tells no balance", async () => {
    const deposits = await payAtOnce(makeScheme(), 3, offer({ balance: null }));
    expect(deposits.map((deposit) => deposit?.amount)).to.deep.equal([SUGGESTED.toString(), undefined, undefined]);
  });

  it("are not held up by one that could not be signed", async () => {
    let isLocked = true;
    const signTypedData = (data: Parameters<typeof account.signTypedData>[0]): Promise<Hex> =>
      isLocked ? Promise.reject(new Error("the wallet is locked")) : account.signTypedData(data);
    const buyer = { address: account.address, signTypedData } as DeferredEvmSchemeV1Options["buyer"];
    const scheme = makeScheme({ buyer, limits: { maxTotalExposure: SUGGESTED } });
    expect(await pay(scheme).catch((error: Error) => error.message)).to.equal("the wallet is locked");
    isLocked = false;
    expect((await pay(scheme))?.amount).to.equal(SUGGESTED.toString());
  });

  it("hold up no payment from a balance while the wallet is asked", async () => {
    let answer: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const signTypedData = async (data: Parameters<typeof account.signTypedData>[0]): Promise<Hex> => {
      if (data.primaryType !== "Voucher") await asked;
      return account.signTypedData(data);
    };
    const buyer = { address: account.address, signTypedData } as DeferredEvmSchemeV1Options["buyer"];
    const scheme = makeScheme({ buyer });
    const first = pay(scheme);
    expect(await pay(scheme, offer({ balance: PRICE }))).to.equal(undefined);
    answer();
    expect((await first)?.amount).to.equal(SUGGESTED.toString());
  });

  it("are not signed for a payment that cannot be made", async () => {
    const events: BuyerEvent[] = [];
    const scheme = makeScheme({ onEvent: (event) => events.push(event) });
    const foreign = offer();
    const asked = { ...foreign, extra: { ...foreign.extra, type: "aggregation", charged: "5" } };
    await scheme.createPaymentPayload(1, asked as never).catch((error: Error) => error);
    expect(events).to.deep.equal([]);
    await pay(scheme);
    expect(events.map(({ kind }) => kind)).to.deep.equal(["depositSigned"]);
  });

  describe("within the limits", () => {
    const other = `0x${"66".repeat(20)}` as Address;

    it("stay, for all sellers at once", async () => {
      const scheme = makeScheme({ limits: { maxTotalExposure: 150_000n } });
      const deposits = await Promise.all([pay(scheme), pay(scheme, offer({ payTo: other }))]);
      expect(deposits.map((deposit) => deposit?.amount)).to.deep.equal(["100000", "50000"]);
    });

    it("stay, for requests at once that need several", async () => {
      const scheme = makeScheme({ limits: { maxExposure: 4n * PRICE } });
      const paying = Array.from({ length: 5 }, () => pay(scheme, offer({ suggested: 2n * PRICE })));
      expect(amountsOf(await Promise.all(paying.slice(0, 4)))).to.deep.equal(["2000", "2000"]);
      await expectDepositNeeded(paying[4] as Promise<unknown>);
    });

    for (const limit of ["maxExposure", "maxTotalExposure"] as const) {
      it(`count for good, also when they have expired: ${limit}`, async () => {
        const scheme = makeScheme({ limits: { [limit]: 150_000n } });
        for (const amount of ["100000", "50000"]) {
          expect((await pay(scheme))?.amount).to.equal(amount);
          now += LIFETIME + 1n;
        }
        await expectDepositNeeded(pay(scheme));
      });
    }

    it("count no more once a check says that they were never executed", async () => {
      const asked: string[] = [];
      const wasDepositUsed: DeferredEvmSchemeV1Options["wasDepositUsed"] = async ({ authorization }, id) => {
        asked.push(`${id.seller} ${authorization.amount}`);
        return false;
      };
      const scheme = makeScheme({ limits: { maxTotalExposure: SUGGESTED }, wasDepositUsed });
      await pay(scheme, offer({ payTo: other }));
      now += LIFETIME;
      await expectDepositNeeded(pay(scheme));
      expect(asked).to.deep.equal([]);
      now += 1n;
      expect((await pay(scheme))?.amount).to.equal(SUGGESTED.toString());
      expect(asked).to.deep.equal([`${other} ${SUGGESTED}`]);
    });

    it("go on counting what was executed, what nobody can tell yet, and what cannot be asked about", async () => {
      const events: string[] = [];
      const onEvent = ({ kind }: BuyerEvent) => void events.push(kind);
      const answers = [async () => true, async () => undefined, () => Promise.reject(new Error("the node is down"))];
      for (const wasDepositUsed of answers) {
        const scheme = makeScheme({ limits: { maxExposure: SUGGESTED }, wasDepositUsed, onEvent });
        await pay(scheme);
        now += LIFETIME + 1n;
        await expectDepositNeeded(pay(scheme));
      }
      expect(events).to.deep.equal([...answers.map(() => "depositSigned"), "depositCheckFailed"]);
    });
  });
});
