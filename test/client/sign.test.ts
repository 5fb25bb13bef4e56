import { expect } from "chai";
import { recoverAddress } from "viem";
import {
  FlushAllTooLongError,
  hashFlushAllAuthorization,
  randomNonce,
  signFlushAllAuthorization,
  voucherDomain,
  type SignFlushAllAuthorizationParameters,
} from "x402-escrow/voucher";
import { CHAIN_ID, ESCROW, buyer } from "./messages.ts";

const NOW = 1_800_000_000n;
const HOUR = 3_600n;
const nonce = randomNonce();

type Options = Partial<SignFlushAllAuthorizationParameters> & { readonly expiry?: bigint };

const sign = ({ expiry, ...options }: Options = {}) =>
  signFlushAllAuthorization(buyer, {
    chainId: CHAIN_ID,
    escrow: ESCROW,
    authorization: { buyer: buyer.address, nonce, ...(expiry === undefined ? {} : { expiry }) },
    now: NOW,
    ...options,
  });

async function refusalOf(options: Options): Promise<FlushAllTooLongError> {
  try {
    await sign(options);
  } catch (error) {
    expect(error).to.be.instanceOf(FlushAllTooLongError);
    return error as FlushAllTooLongError;
  }
  throw new Error("It was signed.");
}

describe("signFlushAllAuthorization", () => {
  it("gives ten minutes when no expiry is named, and signs what it gives back", async () => {
    const { authorization, signature } = await sign();
    expect(authorization).to.deep.equal({ buyer: buyer.address, nonce, expiry: NOW + 600n });
    const { digest } = hashFlushAllAuthorization(authorization, voucherDomain({ chainId: CHAIN_ID, escrow: ESCROW }));
    expect(await recoverAddress({ hash: digest, signature })).to.equal(buyer.address);
  });

  it("counts from this machine's time when no other is named", async () => {
    const earliest = BigInt(Math.floor(Date.now() / 1000)) + 600n;
    const parameters = { chainId: CHAIN_ID, escrow: ESCROW, authorization: { buyer: buyer.address, nonce } };
    const { expiry } = (await signFlushAllAuthorization(buyer, parameters)).authorization;
    expect(expiry >= earliest && expiry <= earliest + 60n, `${expiry} after ${earliest}`).to.equal(true);
  });

  for (const [place, expiry] of [
    ["below", NOW + HOUR - 1n],
    ["at", NOW + HOUR],
  ] as const) {
    it(`signs an expiry ${place} an hour ahead`, async () => {
      expect((await sign({ expiry })).authorization.expiry).to.equal(expiry);
    });
  }

  it("refuses an expiry above an hour ahead, and says what to do", async () => {
    const error = await refusalOf({ expiry: NOW + HOUR + 1n });
    expect(error).to.include({ name: "FlushAllTooLongError", expiry: NOW + HOUR + 1n, limit: NOW + HOUR });
    expect(error.metaMessages).to.have.lengthOf(1);
  });

  it("signs as long an expiry as the caller accepts, and no longer", async () => {
    const maxValidSeconds = 24n * HOUR;
    const expiry = NOW + maxValidSeconds;
    expect((await sign({ expiry, maxValidSeconds })).authorization.expiry).to.equal(expiry);
    expect((await refusalOf({ expiry: expiry + 1n, maxValidSeconds })).limit).to.equal(expiry);
  });
});
