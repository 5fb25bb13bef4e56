import { type Family, mutant } from "./mutant.ts";

const ACCOUNT_WORD = "voucher/AccountWord.sol";
const BATCHES = "voucher/VoucherBatches.sol";
const COLLECTION = "voucher/VoucherCollection.sol";
const DEPOSITS = "voucher/VoucherDeposits.sol";
const FREE_BALANCE = "voucher/VoucherFreeBalance.sol";
const SELLERS = "voucher/VoucherSellers.sol";
const SIGNERS = "voucher/VoucherSigners.sol";
const STORAGE = "voucher/VoucherStorage.sol";
const VIEWS = "voucher/VoucherViews.sol";
const WITHDRAWALS = "voucher/VoucherWithdrawals.sol";
const NONCE_WINDOW = "libraries/NonceWindow.sol";
const SIGNATURES = "libraries/SignatureVerification.sol";
const FUNDING = "libraries/TokenFunding.sol";
const RECOVERY = "libraries/TypedDataRecovery.sol";

const MUTANTS = [
  // Accounts and thawing
  mutant("a deposit revives what a thaw had marked beyond the balance", STORAGE, [
    "if (thawEndTime != 0 && account.marked > balance) account.marked = balance;",
    "",
  ]),
  mutant("a default-lane collection that empties the account leaves the thaw", ACCOUNT_WORD, [
    "                word &= AMOUNTS_MASK;\n",
    "",
  ]),
  mutant("what empties an account otherwise leaves the thaw", ACCOUNT_WORD, [
    "if (balance == 0) return collected << COLLECTED_SHIFT;",
    "",
  ]),
  mutant("a withdrawal resets the default lane's total", WITHDRAWALS, [
    "account.word = AccountWord.pack(balance - amount, collected, 0);",
    "account.word = AccountWord.pack(balance - amount, 0, 0);",
  ]),
  mutant("a deposit starts the thaw anew", STORAGE, [
    "account.word = AccountWord.pack(newBalance, collected, thawEndTime);",
    "account.word = AccountWord.pack(newBalance, collected, thawEndTime == 0 ? 0 : block.timestamp + THAWING_PERIOD);",
  ]),
  mutant("more thaws with the end of what thaws already", WITHDRAWALS, [
    "        uint256 end = block.timestamp + THAWING_PERIOD;\n        account.marked = previous + amount;",
    "        uint256 end = previousEnd != 0 ? previousEnd : block.timestamp + THAWING_PERIOD;\n        account.marked = previous + amount;",
  ]),
  mutant("a withdrawal succeeds a second early", WITHDRAWALS, [
    "if (block.timestamp < end) revert ThawingPeriodNotCompleted",
    "if (block.timestamp + 1 < end) revert ThawingPeriodNotCompleted",
  ]),
  mutant("a withdrawal pays all that was ever marked", WITHDRAWALS, [
    "        // Effect:\n        uint256 amount = _thawing(account, balance, end);\n        account.marked = 0;\n        account.word = AccountWord.pack(balance - amount, collected, 0);",
    "        // Effect:\n        uint256 amount = balance;\n        account.marked = 0;\n        account.word = AccountWord.pack(balance - amount, collected, 0);",
  ]),
  mutant("a flush restarts a thaw that has not ended", WITHDRAWALS, [
    "if (balance == 0 || block.timestamp < end) revert NothingToFlush();\n\n        // Effect:\n        matured = _thawing(account, balance, end);",
    "if (balance == 0) revert NothingToFlush();\n\n        // Effect:\n        matured = block.timestamp < end ? 0 : _thawing(account, balance, end);",
  ]),
  mutant("balance and default lane overflow into each other", STORAGE, [
    "if (amount > limit) revert AmountTooLarge(amount, limit);\n\n        if (thaw",
    "if (amount > AccountWord.MAX_AMOUNT) revert AmountTooLarge(amount, limit);\n\n        if (thaw",
  ]),
  mutant("a flush pays what is matured and thaws nothing", WITHDRAWALS, [
    "account.marked = rest;",
    "account.marked = 0;",
  ]),
  mutant("a default-lane collection of the whole account leaves the thaw", ACCOUNT_WORD, [
    "if (amount >= balance) {",
    "if (amount > balance) {",
  ]),

  // Replays
  mutant("a flush-all acts on an account again", WITHDRAWALS, ["        _flushAllUses[key] = true;\n", ""]),
  mutant("a flush of all accounts under a cancelled nonce", WITHDRAWALS, [
    "if (_nonces[NonceKind.FlushAll][buyer].isUsed(nonce)) revert NonceAlreadyUsed(nonce);",
    "",
  ]),
  mutant("a deposit authorization is not consumed", DEPOSITS, [
    "_consumeNonce(NonceKind.Deposit, authorization.buyer, authorization.nonce);",
    "",
  ]),
  mutant("a release is not consumed", SELLERS, [
    "_consumeNonce(NonceKind.Release, authorization.seller, authorization.nonce);",
    "",
  ]),
  mutant("a payout authorization can be relayed again", SELLERS, [
    "_payouts[seller] = Payout({toFreeBalance: toFreeBalance, nonce: nonce + 1});",
    "_payouts[seller] = Payout({toFreeBalance: toFreeBalance, nonce: nonce});",
  ]),
  mutant("the nonce window is one too long", NONCE_WINDOW, ["if (age >= SIZE)", "if (age > SIZE)"]),
  mutant("the nonce window shifts one too little", NONCE_WINDOW, [
    "uint256 shift = uint256(nonce) - next + 1;",
    "uint256 shift = uint256(nonce) - next;",
  ]),
  mutant("advancing the free nonce cancels nothing", FREE_BALANCE, [
    "FreeAccountWord.pack(balance, next, type(uint64).max)",
    "FreeAccountWord.pack(balance, next, 0)",
  ]),
  mutant("nonces of one kind cancel those of another", SIGNERS, [
    "_nonces[kind][msg.sender][word] |= mask;",
    "_nonces[NonceKind.Deposit][msg.sender][word] |= mask;",
  ]),
  mutant("a compact row collects without writing", BATCHES, ["                        account.word = word;\n", ""]),
  mutant("a lane collects without writing its total", COLLECTION, ["        account.lanes[id] = collected;\n", ""]),

  // Collection
  mutant("all lanes but the default one share a total", COLLECTION, [
    "        account.lanes[id] = collected;\n",
    "        account.lanes[bytes32(uint256(1))] = collected;\n",
  ]),
  mutant("a compact row collects above its ceiling", BATCHES, ["total > words[4]", "total > words[4] + 1"]),
  mutant("a wide row collects above its ceiling", BATCHES, [
    "if (row.total > voucher.valueAggregate) return Skip.AboveCeiling;",
    "",
  ]),
  mutant("a wide row is collected for another seller", BATCHES, ["            voucher.seller != seller ||\n", ""]),
  mutant("a wide row is collected in another asset", BATCHES, ["            voucher.asset != asset ||\n", ""]),
  mutant("the wide rows of a group are not paid", BATCHES, ["        paid += paidWide;\n", ""]),
  mutant("a bad row ends its group", BATCHES, [
    "            ++blanks;\n            emit VoucherSkipped(bytes32(0), buyer, seller, asset, reason);",
    "            ++blanks;\n            emit VoucherSkipped(bytes32(0), buyer, seller, asset, reason);\n            return (paid, blanks);",
  ]),
  mutant("a group that fails takes the batch with it", BATCHES, [
    "emit GroupFailed(group.seller, group.asset, bytes4(reason));",
    "revert InsufficientGas(reason.length, group.gasLimit);",
  ]),
  mutant("too little gas passes for a bad signature", BATCHES, [
    "if (gasleft() < WALLET_GAS_RESERVE) revert InsufficientGas(gasleft(), WALLET_GAS_RESERVE);",
    "",
  ]),
  mutant("the gas reserve forgets the 64th", BATCHES, ["(WALLET_GAS * 64) / 63 + 5_000", "WALLET_GAS"]),
  mutant("a voucher is worthless in its last second", COLLECTION, [
    "if (block.timestamp > voucher.expiry)",
    "if (block.timestamp >= voucher.expiry)",
  ]),
  mutant("a compact row counts after its expiry", BATCHES, [
    "if (block.timestamp > words[10])",
    "if (block.timestamp > words[10] + 1)",
  ]),
  mutant("a voucher of another chain is collected", COLLECTION, [
    "if (voucher.chainId != block.chainid) revert InvalidChainId(voucher.chainId, block.chainid);",
    "",
  ]),
  mutant("a voucher of another escrow is collected", COLLECTION, [
    "if (voucher.escrow != address(this)) revert InvalidEscrow(voucher.escrow, address(this));",
    "",
  ]),
  mutant("payment is assumed", STORAGE, [
    "if (!IERC20(asset).trySafeTransfer(to, amount)) revert TransferFailed(asset, to, amount);",
    "IERC20(asset).trySafeTransfer(to, amount);",
  ]),
  mutant("free balance is credited and paid", STORAGE, [
    "            _creditFree(seller, asset, amount);\n        } else {\n            _push(asset, seller, amount);\n        }",
    "            _creditFree(seller, asset, amount);\n        }\n        _push(asset, seller, amount);",
  ]),
  mutant("a compact row collects its ceiling", BATCHES, [
    "account.word.collect(total)",
    "account.word.collect(words[4])",
  ]),
  mutant("a batch tells of rows without effect", BATCHES, ["blanks + blanksWide", "blanks"]),
  mutant("a seller collects from itself in a batch", BATCHES, [
    "buyer == address(0) || buyer == seller || buyer == address(this)",
    "buyer == address(0) || buyer == address(this)",
  ]),

  // Signatures
  mutant("code is asked before the key, for vouchers", COLLECTION, [
    "        if (_isSigner(voucher.buyer, SignatureVerification.recover(digest, signature))) return true;",
    "        if (voucher.buyer.code.length == 0) return _isSigner(voucher.buyer, SignatureVerification.recover(digest, signature));",
  ]),
  mutant("code is asked before the key, for authorizations", SIGNATURES, [
    "        if (signer != address(0) && signer == account) return true;",
    "        if (account.code.length == 0) return signer != address(0) && signer == account;",
  ]),
  mutant("a malformed signature is the zero address's", BATCHES, [
    "if (_areBadParties(buyer, seller)) reason = Skip.BadParties;",
    "if (buyer == seller) reason = Skip.BadParties;",
  ]),
  mutant("a high s is accepted in compact rows", RECOVERY, ["if iszero(gt(s, HALF_ORDER)) {", "if 1 {"]),
  mutant("an authorization is worthless in its last second", STORAGE, [
    "if (block.timestamp > expiry) revert AuthorizationExpired",
    "if (block.timestamp >= expiry) revert AuthorizationExpired",
  ]),
  mutant("a signer's last second does not count", STORAGE, [
    "block.timestamp <= _signers[buyer][key].validUntil",
    "block.timestamp < _signers[buyer][key].validUntil",
  ]),
  mutant("a signer that has ended still counts", STORAGE, [
    "block.timestamp <= _signers[buyer][key].validUntil",
    "_signers[buyer][key].validUntil != 0",
  ]),
  mutant("the signers of whoever collects sign for the buyer", STORAGE, [
    "block.timestamp <= _signers[buyer][key].validUntil",
    "block.timestamp <= _signers[buyer][key].validUntil || block.timestamp <= _signers[msg.sender][key].validUntil",
  ]),
  mutant("a revocation ends the signer at once", SIGNERS, [
    "uint256 latest = block.timestamp + THAWING_PERIOD;",
    "uint256 latest = block.timestamp;",
  ]),
  mutant("a revoked signer comes back", SIGNERS, ["if (signer.revoked) revert SignerAlreadyRevoked(buyer, key);", ""]),
  mutant("an authorization shortens", SIGNERS, ["if (validUntil <= signer.validUntil) return;", ""]),

  // Whose money, and where to
  mutant("depositTo pulls from the buyer", DEPOSITS, [
    "        _creditFromOutside(buyer, seller, asset, amount);\n\n        // Interaction:\n        TokenFunding.pull(asset, msg.sender, amount);",
    "        _creditFromOutside(buyer, seller, asset, amount);\n\n        // Interaction:\n        TokenFunding.pull(asset, buyer, amount);",
  ]),
  mutant("a token that takes a fee is accepted", FUNDING, ["if (received != amount)", "if (received == 0)"]),
  mutant("the relayer's payout is set", SELLERS, [
    "_setPayout(seller, authorization.toFreeBalance, nonce);",
    "_setPayout(msg.sender, authorization.toFreeBalance, nonce);",
  ]),
  mutant("a release runs ahead of its collection", SELLERS, [
    "if (collected < collectedAtLeast) revert NotCollectedYet(collected, collectedAtLeast);",
    "",
  ]),
  mutant("a release pays its relayer", SELLERS, ["_push(asset, buyer, amount);", "_push(asset, tx.origin, amount);"]),
  mutant("an ERC-3009 signature does not say for which seller", DEPOSITS, [
    "            authorization.hash(),\n            signature\n        );\n    }\n\n    /// @inheritdoc IVoucherEscrow\n    function depositWithPermit2",
    "            authorization.nonce,\n            signature\n        );\n    }\n\n    /// @inheritdoc IVoucherEscrow\n    function depositWithPermit2",
  ]),
  mutant("many deposits are paid like the last", DEPOSITS, ["total += input.amount;", "total = input.amount;"]),
  mutant("what is allocated stays free balance", FREE_BALANCE, [
    "remaining = balance - amount;",
    "remaining = balance;",
  ]),
  mutant("a relayer is paid somebody's free balance", FREE_BALANCE, [
    "_push(asset, owner, amount);",
    "_push(asset, msg.sender, amount);",
  ]),
  mutant("a deposit by authorization is paid by the relayer", DEPOSITS, [
    "TokenFunding.pull(authorization.asset, authorization.buyer, authorization.amount);",
    "TokenFunding.pull(authorization.asset, msg.sender, authorization.amount);",
  ]),

  // Re-entrance
  mutant(
    "withdraw pays first and has no guard",
    WITHDRAWALS,
    [
      "function withdraw(address seller, address asset) external nonReentrant {",
      "function withdraw(address seller, address asset) external {",
    ],
    [
      "        uint256 amount = _thawing(account, balance, end);\n        account.marked = 0;\n        account.word = AccountWord.pack(balance - amount, collected, 0);\n        emit Withdrawn(",
      "        uint256 amount = _thawing(account, balance, end);\n        _push(asset, msg.sender, amount);\n        account.marked = 0;\n        account.word = AccountWord.pack(balance - amount, collected, 0);\n        emit Withdrawn(",
    ],
    [
      "        emit Withdrawn(msg.sender, seller, asset, amount, balance - amount);\n\n        // Interaction:\n        _push(asset, msg.sender, amount);",
      "        emit Withdrawn(msg.sender, seller, asset, amount, balance - amount);",
    ],
  ),
  mutant("collect has no guard", COLLECTION, [
    "function collect(Voucher calldata voucher, bytes calldata signature) external nonReentrant {",
    "function collect(Voucher calldata voucher, bytes calldata signature) external {",
  ]),
  mutant("anyone flushes an account", WITHDRAWALS, [
    "if (msg.sender != address(this)) revert NotSelf(msg.sender);",
    "",
  ]),
  mutant("anyone collects a group past the guard", BATCHES, [
    "if (msg.sender != address(this)) revert NotSelf(msg.sender);",
    "",
  ]),

  // Views
  mutant("what thaws is shown as available", VIEWS, [
    "availableBalance = balance - thawing;",
    "availableBalance = balance;",
  ]),
  mutant("a view forgets the lane", VIEWS, ["if (id != bytes32(0)) return account.lanes[id];", ""]),
  mutant("a view shows a used authorization as valid", VIEWS, [
    "            !_nonces[kind][owner].isUsed(nonce) &&\n",
    "",
  ]),
];

/** Bugs that somebody could make in VoucherEscrow. */
export const VOUCHER: Family = {
  contracts: ["contracts/voucher/VoucherEscrow.sol"],
  campaign: "test/voucher/VoucherEscrow.invariant.t.sol",
  // Most bugs are found by a few of the 17 campaigns: the others run where these find nothing.
  stages: ["invariant_V(1|7|9|12|15)_", "invariant_V(2|3|4|5|6|8|10|11|13|14|16|17)_"],
  mutants: MUTANTS,
};
