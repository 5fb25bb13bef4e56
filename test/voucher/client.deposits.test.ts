import { expect } from "chai";
import {
  BaseError,
  NonceTooLowError,
  concat,
  createWalletClient,
  custom,
  erc20Abi,
  parseAbi,
  parseSignature,
  zeroAddress,
  zeroHash,
  type Hex,
} from "viem";
import {
  AmountTooLargeError,
  AuthorizationExpiredError,
  ForeignRevertError,
  InvalidAddressError,
  InvalidAmountError,
  InvalidAssetError,
  InvalidAuthorizationError,
  MalformedSignatureError,
  NoDepositsProvidedError,
  NonceAlreadyUsedError,
  TransferMismatchError,
  ZeroNonceError,
  deposit,
  depositFree,
  depositMany,
  depositTo,
  depositWithAuthorization,
  depositWithEip3009,
  depositWithPermit,
  depositWithPermit2,
  getAccount,
  invalidateNonces,
  noncePosition,
  parseVoucherEscrowEvents,
  signDepositAuthorization,
  signDepositEip3009,
  signDepositPermit2,
  signPermit,
  toCompactSignature,
  type DepositAuthorization,
} from "x402-escrow/voucher";
import { eip2612Abi } from "x402-escrow/abi";
import { MULTICALL3, USDC } from "../base/addresses.ts";
import { actors, testAccount } from "../helpers/actors.ts";
import { rejectedWith } from "../helpers/rejectedWith.ts";
import { FUNDS, TOKEN, useClient } from "./clientSetup.ts";

const { buyer, otherBuyer, seller, otherSeller, stranger } = actors;
const AMOUNT = 1_000_000n;
/** Has tokens and no allowance. */
const newcomer = testAccount(8);

describe("Client: deposits", () => {
  const client = useClient();

  describe("deposit", () => {
    it("fills the account and reports it", async () => {
      const { account, base, escrow } = client;
      const receipt = await client.done(deposit(base.wallets.buyer, { ...account, amount: AMOUNT }));
      const [event] = parseVoucherEscrowEvents({ escrow, logs: receipt.logs, eventName: "Deposited" });
      const parties = { buyer: buyer.address, seller: seller.address, asset: USDC };
      expect(event?.args).to.deep.equal({ ...parties, amount: AMOUNT, newBalance: AMOUNT });
      expect(await client.accountBalance()).to.equal(AMOUNT);
      expect(await client.balanceOf(buyer.address)).to.equal(FUNDS - AMOUNT);
    });

    it("takes addresses in any case", async () => {
      const account = { ...client.account, asset: `0x${USDC.slice(2).toUpperCase()}` as Hex };
      await client.done(deposit(client.base.wallets.buyer, { ...account, amount: AMOUNT }));
      expect(await client.accountBalance()).to.equal(AMOUNT);
    });

    it("throws InvalidAmountError, and sends nothing", async () => {
      const { account, base } = client;
      const before = await base.publicClient.getTransactionCount({ address: buyer.address });
      const error = await rejectedWith(deposit(base.wallets.buyer, { ...account, amount: 0n }), InvalidAmountError);
      expect(error.args).to.deep.equal({ amount: 0n });
      expect(error.cause).to.be.instanceOf(Error);
      expect(await base.publicClient.getTransactionCount({ address: buyer.address })).to.equal(before);
    });

    it("throws AmountTooLargeError", async () => {
      const { account, base } = client;
      const error = await rejectedWith(
        deposit(base.wallets.buyer, { ...account, amount: 1n << 96n }),
        AmountTooLargeError,
      );
      expect(error.args).to.deep.equal({ amount: 1n << 96n, limit: (1n << 96n) - 1n });
    });

    it("throws ForeignRevertError with the token's words", async () => {
      const { account, base } = client;
      const error = await rejectedWith(
        deposit(base.wallets.buyer, { ...account, amount: FUNDS + 1n }),
        ForeignRevertError,
      );
      expect(error.reason).to.equal("ERC20: transfer amount exceeds balance");
    });

    it("throws TransferMismatchError, an error of a library, for a token that takes a fee", async () => {
      const { account, base, escrow } = client;
      const { address: asset } = await base.viem.deployContract("FeeOnTransferToken");
      const mint = { abi: parseAbi(["function mint(address to, uint256 amount)"]), functionName: "mint" } as const;
      const approve = { abi: erc20Abi, functionName: "approve" } as const;
      const { buyer: wallet } = base.wallets;
      await client.done(wallet.writeContract({ ...mint, address: asset, args: [buyer.address, AMOUNT] }));
      await client.done(wallet.writeContract({ ...approve, address: asset, args: [escrow, AMOUNT] }));
      const parameters = { ...account, asset, amount: AMOUNT };
      const error = await rejectedWith(deposit(base.wallets.buyer, parameters), TransferMismatchError);
      expect(error.args).to.deep.equal({ expected: AMOUNT, received: (AMOUNT * 99n) / 100n });
    });

    it("leaves errors that are no reverts alone", async () => {
      const { account, base } = client;
      const error = await rejectedWith(
        deposit(base.wallets.buyer, { ...account, amount: AMOUNT, nonce: 0 }),
        BaseError,
      );
      expect(error.walk((cause) => cause instanceof NonceTooLowError)).to.be.instanceOf(NonceTooLowError);
    });

    it("sends through a node that holds the key, with the same errors", async () => {
      const { account, base } = client;
      const { chain } = base.publicClient;
      const transport = custom(base.connection.provider, { retryCount: 0 });
      const wallet = createWalletClient({ account: buyer.address, chain, transport });
      await rejectedWith(deposit(wallet, { ...account, amount: 0n }), InvalidAmountError);
      await client.done(deposit(wallet, { ...account, amount: AMOUNT }));
      expect(await client.accountBalance()).to.equal(AMOUNT);
    });

    it("sends as it is told: from another account, with its gas, fee and nonce", async () => {
      const { account, base } = client;
      const nonce = await base.publicClient.getTransactionCount({ address: buyer.address });
      const fees = { maxFeePerGas: 3_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n };
      const sent = { ...account, amount: AMOUNT, account: buyer, gas: 300_000n, nonce, ...fees };
      const { transactionHash } = await client.done(deposit(base.wallets.stranger, sent));
      const transaction = await base.publicClient.getTransaction({ hash: transactionHash });
      expect(transaction).to.include({ gas: 300_000n, nonce, ...fees });
      expect(await client.accountBalance()).to.equal(AMOUNT);
    });
  });

  describe("depositTo", () => {
    it("fills the account of another buyer from the sender's wallet", async () => {
      const { account, base } = client;
      await client.done(depositTo(base.wallets.otherBuyer, { ...account, buyer: buyer.address, amount: AMOUNT }));
      expect(await client.accountBalance()).to.equal(AMOUNT);
      expect(await client.balanceOf(otherBuyer.address)).to.equal(FUNDS - AMOUNT);
    });

    it("throws InvalidAddressError", async () => {
      const { account, base } = client;
      const parameters = { ...account, buyer: seller.address, amount: AMOUNT };
      const error = await rejectedWith(depositTo(base.wallets.buyer, parameters), InvalidAddressError);
      expect(error.args).to.deep.equal({ account: seller.address });
    });
  });

  describe("depositMany", () => {
    it("fills many accounts by one transfer", async () => {
      const { base, escrow } = client;
      const deposits = [
        { seller: seller.address, amount: 1n },
        { seller: otherSeller.address, amount: 2n },
      ];
      await client.done(depositMany(base.wallets.buyer, { escrow, asset: USDC, deposits }));
      expect(await client.accountBalance()).to.equal(1n);
      const other = { escrow, buyer: buyer.address, seller: otherSeller.address, asset: USDC };
      expect((await getAccount(base.publicClient, other)).balance).to.equal(2n);
    });

    it("throws NoDepositsProvidedError", async () => {
      const { base, escrow } = client;
      await rejectedWith(
        depositMany(base.wallets.buyer, { escrow, asset: USDC, deposits: [] }),
        NoDepositsProvidedError,
      );
    });
  });

  describe("depositFree", () => {
    it("fills the free balance", async () => {
      await client.done(depositFree(client.base.wallets.buyer, { escrow: client.escrow, asset: USDC, amount: AMOUNT }));
      expect(await client.freeBalance()).to.equal(AMOUNT);
    });

    it("throws InvalidAssetError", async () => {
      const { base, escrow } = client;
      const error = await rejectedWith(
        depositFree(base.wallets.buyer, { escrow, asset: stranger.address, amount: AMOUNT }),
        InvalidAssetError,
      );
      expect(error.args).to.deep.equal({ asset: stranger.address });
    });
  });

  describe("depositWithAuthorization", () => {
    const sign = async (authorization: DepositAuthorization) => {
      const signature = await signDepositAuthorization(buyer, { ...client.here, authorization });
      return { escrow: client.escrow, authorization, signature };
    };

    it("fills the account, relayed by anybody", async () => {
      const signed = await sign(client.depositOf());
      const receipt = await client.done(depositWithAuthorization(client.base.wallets.relayer, signed));
      expect(await client.accountBalance()).to.equal(AMOUNT);
      const parameters = { escrow: client.escrow, logs: receipt.logs, eventName: "DepositAuthorized" } as const;
      expect(parseVoucherEscrowEvents(parameters)[0]?.args.nonce).to.equal(signed.authorization.nonce);
    });

    it("takes a compact signature, and a seller of zero for the free balance", async () => {
      const signed = await sign(client.depositOf({ seller: zeroAddress }));
      const { r, vs } = toCompactSignature(signed.signature);
      const compact = { ...signed, signature: concat([r, vs]) };
      await client.done(depositWithAuthorization(client.base.wallets.relayer, compact));
      expect(await client.freeBalance()).to.equal(AMOUNT);
    });

    it("throws NonceAlreadyUsedError when it is replayed", async () => {
      const signed = await sign(client.depositOf());
      const { relayer } = client.base.wallets;
      await client.done(depositWithAuthorization(relayer, signed));
      const error = await rejectedWith(depositWithAuthorization(relayer, signed), NonceAlreadyUsedError);
      expect(error.args).to.deep.equal({ nonce: signed.authorization.nonce });
    });

    it("throws NonceAlreadyUsedError when its nonce was cancelled", async () => {
      const { base, escrow } = client;
      const signed = await sign(client.depositOf());
      const position = noncePosition(signed.authorization.nonce);
      await client.done(invalidateNonces(base.wallets.buyer, { escrow, kind: "Deposit", ...position }));
      await rejectedWith(depositWithAuthorization(base.wallets.relayer, signed), NonceAlreadyUsedError);
    });

    it("throws InvalidAuthorizationError, AuthorizationExpiredError and ZeroNonceError", async () => {
      const { relayer } = client.base.wallets;
      const signed = await sign(client.depositOf());
      const changed = { ...signed, authorization: { ...signed.authorization, amount: AMOUNT + 1n } };
      await rejectedWith(depositWithAuthorization(relayer, changed), InvalidAuthorizationError);
      await rejectedWith(
        depositWithAuthorization(relayer, await sign(client.depositOf({ nonce: zeroHash }))),
        ZeroNonceError,
      );
      const late = await sign(client.depositOf({ expiry: client.now - 1n }));
      const error = await rejectedWith(depositWithAuthorization(relayer, late), AuthorizationExpiredError);
      expect(error.args.expiry).to.equal(client.now - 1n);
      expect(error.args.currentTime >= client.now).to.equal(true);
    });
  });

  describe("depositWithEip3009", () => {
    const sign = async (authorization: DepositAuthorization) => {
      const signature = await signDepositEip3009(buyer, { ...client.here, authorization, token: TOKEN });
      return { escrow: client.escrow, authorization, signature };
    };

    it("fills the account by one signature of the real USDC", async () => {
      await client.done(depositWithEip3009(client.base.wallets.relayer, await sign(client.depositOf())));
      expect(await client.accountBalance()).to.equal(AMOUNT);
      expect(await client.balanceOf(buyer.address)).to.equal(FUNDS - AMOUNT);
    });

    it("needs no allowance, and takes a compact signature", async () => {
      const { base, escrow } = client;
      await base.fundUsdc(newcomer.address, AMOUNT);
      const authorization = client.depositOf({ buyer: newcomer.address });
      const signature = await signDepositEip3009(newcomer, { ...client.here, authorization, token: TOKEN });
      const { r, vs } = toCompactSignature(signature);
      await client.done(
        depositWithEip3009(base.wallets.relayer, { escrow, authorization, signature: concat([r, vs]) }),
      );
      expect(await client.balanceOf(newcomer.address)).to.equal(0n);
    });

    it("throws ForeignRevertError with USDC's words when a relayer changes the account", async () => {
      const signed = await sign(client.depositOf());
      const redirected = { ...signed, authorization: { ...signed.authorization, seller: otherSeller.address } };
      const error = await rejectedWith(depositWithEip3009(client.base.wallets.relayer, redirected), ForeignRevertError);
      expect(error.reason).to.equal("FiatTokenV2: invalid signature");
    });

    it("throws ForeignRevertError with USDC's words when it is replayed", async () => {
      const signed = await sign(client.depositOf());
      await client.done(depositWithEip3009(client.base.wallets.relayer, signed));
      const error = await rejectedWith(depositWithEip3009(client.base.wallets.relayer, signed), ForeignRevertError);
      expect(error.reason).to.equal("FiatTokenV2: authorization is used or canceled");
    });

    it("throws AuthorizationExpiredError", async () => {
      const late = await sign(client.depositOf({ expiry: client.now - 1n }));
      await rejectedWith(depositWithEip3009(client.base.wallets.relayer, late), AuthorizationExpiredError);
    });
  });

  describe("depositWithPermit2", () => {
    const sign = async (authorization: DepositAuthorization) => {
      const signature = await signDepositPermit2(buyer, { ...client.here, authorization });
      return { escrow: client.escrow, authorization, signature };
    };

    it("fills the account by one signature for the real Permit2", async () => {
      await client.done(depositWithPermit2(client.base.wallets.relayer, await sign(client.depositOf())));
      expect(await client.accountBalance()).to.equal(AMOUNT);
    });

    it("throws ForeignRevertError with Permit2's error when a relayer changes the account", async () => {
      const signed = await sign(client.depositOf());
      const redirected = { ...signed, authorization: { ...signed.authorization, seller: otherSeller.address } };
      const error = await rejectedWith(depositWithPermit2(client.base.wallets.relayer, redirected), ForeignRevertError);
      expect(error.reason).to.equal("InvalidSigner()");
    });

    it("throws ForeignRevertError with Permit2's error when it is replayed", async () => {
      const signed = await sign(client.depositOf());
      await client.done(depositWithPermit2(client.base.wallets.relayer, signed));
      const error = await rejectedWith(depositWithPermit2(client.base.wallets.relayer, signed), ForeignRevertError);
      expect(error.reason).to.equal("InvalidNonce()");
    });

    it("throws ZeroNonceError", async () => {
      const signed = await sign(client.depositOf({ nonce: zeroHash }));
      await rejectedWith(depositWithPermit2(client.base.wallets.relayer, signed), ZeroNonceError);
    });
  });

  describe("depositWithPermit", () => {
    const sign = async (changes: Partial<DepositAuthorization> = {}, permitSigner = newcomer) => {
      const { here, escrow, expiry } = client;
      const authorization = client.depositOf({ buyer: newcomer.address, ...changes });
      const permit = { value: AMOUNT, nonce: 0n, deadline: expiry };
      const reference = { ...here, buyer: newcomer.address, asset: USDC, permit, token: TOKEN };
      const [signature, permitSignature] = await Promise.all([
        signDepositAuthorization(newcomer, { ...here, authorization }),
        signPermit(permitSigner, reference),
      ]);
      return { escrow, authorization, signature, permit, permitSignature };
    };

    beforeEach(async () => client.base.fundUsdc(newcomer.address, AMOUNT));

    it("sets the allowance and deposits in one transaction through the real Multicall3", async () => {
      const receipt = await client.done(depositWithPermit(client.base.wallets.relayer, await sign()));
      expect(receipt.to).to.equal(MULTICALL3.toLowerCase());
      const account = { ...client.account, buyer: newcomer.address };
      expect((await getAccount(client.base.publicClient, account)).balance).to.equal(AMOUNT);
      expect(await client.balanceOf(newcomer.address)).to.equal(0n);
    });

    it("succeeds when somebody submitted the permit first", async () => {
      const { base, escrow } = client;
      const signed = await sign();
      const { r, s, yParity } = parseSignature(signed.permitSignature);
      const { value, deadline } = signed.permit;
      const args = [newcomer.address, escrow, value, deadline, yParity + 27, r, s] as const;
      const permit = { abi: eip2612Abi, address: USDC, functionName: "permit", args } as const;
      await client.done(base.wallets.stranger.writeContract(permit));
      await client.done(depositWithPermit(base.wallets.relayer, signed));
      expect(await client.balanceOf(newcomer.address)).to.equal(0n);
    });

    it("takes a compact permit signature", async () => {
      const signed = await sign();
      const { r, vs } = toCompactSignature(signed.permitSignature);
      await client.done(
        depositWithPermit(client.base.wallets.relayer, { ...signed, permitSignature: concat([r, vs]) }),
      );
      expect(await client.balanceOf(newcomer.address)).to.equal(0n);
    });

    it("throws the deposit's own error, which Multicall3 hides", async () => {
      const { relayer } = client.base.wallets;
      const late = await sign({ expiry: client.now - 1n });
      const error = await rejectedWith(depositWithPermit(relayer, late), AuthorizationExpiredError);
      expect(error.args.expiry).to.equal(client.now - 1n);
      expect(error.cause).to.be.instanceOf(Error);
    });

    it("throws the token's words when the permit is not the buyer's", async () => {
      const signed = await sign({}, stranger);
      const error = await rejectedWith(depositWithPermit(client.base.wallets.relayer, signed), ForeignRevertError);
      expect(error.reason).to.equal("ERC20: transfer amount exceeds allowance");
    });

    it("throws MalformedSignatureError", async () => {
      const signed = await sign();
      await rejectedWith(
        depositWithPermit(client.base.wallets.relayer, { ...signed, permitSignature: "0x1234" }),
        MalformedSignatureError,
      );
    });
  });
});
