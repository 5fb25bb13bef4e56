import { expect } from "chai";
import type { Address } from "viem";
import {
  deployOperator,
  ESCROW_DEPLOYMENTS,
  makeTerms,
  predictOperator,
  predictTokenStore,
  type Terms,
} from "../../../client/auth-capture/index.ts";
import {
  checkOffer,
  UnsafeOfferError,
  type Authorizer,
  type OfferCheckParameters,
} from "../../../client/seller/auth-capture/index.ts";
import { deployAuthCapture, type AuthCapture } from "../../helpers/authCapture.ts";
import { connectBase, type Base } from "../../helpers/base.ts";
import { mined } from "../../helpers/mined.ts";
import { rejectedWith } from "../../helpers/rejectedWith.ts";

const DAY = 86_400n;
const MULTICALL3 = "0xcA11bde05977b3631167028862bE2a173976CA11";

describe("what a seller of auth-capture must not offer", function () {
  this.timeout(120_000);

  let base: Base;
  let contracts: AuthCapture;
  const { escrow } = ESCROW_DEPLOYMENTS["v1.1"];
  before(async () => {
    base = await connectBase();
    contracts = await deployAuthCapture(base);
  });
  after(() => base.close());

  const plain = (): Partial<Terms> => ({ authorizer: base.actors.signer.address, maxHold: 7n * DAY });
  const arbitrated = (): Partial<Terms> => ({
    ...plain(),
    arbiter: base.actors.stranger.address,
    disputeWindow: DAY,
    releaseLead: DAY,
  });

  function parameters(terms: Partial<Terms>, changes: Partial<OfferCheckParameters> = {}): OfferCheckParameters {
    const factory = contracts.termsOperatorFactory;
    const { seller: receiver, signer } = base.actors;
    const authorizers = [signer, receiver];
    return { factory, terms: makeTerms(terms), escrow, receiver: receiver.address, authorizers, ...changes };
  }

  const operatorOf = (terms: Partial<Terms>): Address =>
    predictOperator({ factory: contracts.termsOperatorFactory, terms: makeTerms(terms), escrow });

  const refused = async (terms: Partial<Terms>, what: RegExp, changes: Partial<OfferCheckParameters> = {}) => {
    const error = await rejectedWith(checkOffer(base.publicClient, parameters(terms, changes)), UnsafeOfferError);
    expect(error.message).to.match(what);
  };

  /** A key that says it is somebody else, as a wallet's owner does. */
  const as = (address: Address): Authorizer => ({ ...base.actors.signer, address });

  it("takes terms whose operator is deployed, and names it", async () => {
    for (const terms of [plain(), arbitrated()]) {
      await refused(terms, /is not deployed/);
      const call = { factory: contracts.termsOperatorFactory, terms: makeTerms(terms), escrow };
      await mined(base.publicClient, await deployOperator(base.wallets.deployer, call));
      expect(await checkOffer(base.publicClient, parameters(terms))).to.equal(operatorOf(terms));
    }
  });

  it("refuses a contract as the receiver that stands in for an authorizer", async () => {
    const terms = { maxHold: 7n * DAY };
    const receiver = contracts.signedRefundCollector;
    await refused(terms, /is a contract/, { receiver, authorizers: [as(receiver)] });
  });

  it("refuses Multicall3 as an authorizer, named or not", async () => {
    const authorizers = [as(MULTICALL3)];
    await refused({ ...plain(), authorizer: MULTICALL3 }, /authorizer .* is the Multicall3/, { authorizers });
    await refused({ maxHold: DAY }, /authorizer .* is the Multicall3/, { receiver: MULTICALL3, authorizers });
  });

  it("refuses an authorizer whose key is not there", async () => {
    await refused({ ...plain(), authorizer: base.actors.stranger.address }, /Nobody here signs/);
  });

  it("refuses a receiver that strands its own tokens or judges itself", async () => {
    const operator = operatorOf(arbitrated());
    const cases = {
      operator,
      tokenStore: predictTokenStore({ escrow, operator }),
      escrow,
      arbiter: base.actors.stranger.address,
      zero: `0x${"00".repeat(20)}`,
    } as const;
    for (const [name, receiver] of Object.entries(cases)) {
      await refused(arbitrated(), new RegExp(`receiver .* is the ${name}`), { receiver });
    }
  });

  it("refuses a fee for the arbiter", async () => {
    const arbiter = base.actors.stranger.address;
    await refused({ ...arbitrated(), feeBps: 100n, feeReceiver: arbiter }, /fee's receiver .* is the arbiter/);
  });

  it("refuses windows that a standing chain swallows, unless it is told to take them", async () => {
    const short = { ...arbitrated(), disputeWindow: 7_200n };
    await refused(short, /7200 seconds for disputes/);
    await refused({ ...arbitrated(), releaseLead: 7_200n }, /7200 before the end/);
    await refused(short, /is not deployed/, { allowsShortWindows: true });
  });
});
