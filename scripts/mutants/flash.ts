import { type Family, mutant } from "./mutant.ts";

const BATCHES = "flash/FlashBatches.sol";
const COLLECTION = "flash/FlashCollection.sol";
const EXITS = "flash/FlashExits.sol";
const HASHING = "flash/FlashHashing.sol";
const OPENINGS = "flash/FlashOpenings.sol";
const RIGHTS = "flash/FlashRights.sol";
const STORAGE = "flash/FlashStorage.sol";
const TRANSACTIONS = "flash/FlashTransactions.sol";
const VIEWS = "flash/FlashViews.sol";
const WORDS = "flash/EscrowWords.sol";
const FUNDING = "libraries/TokenFunding.sol";
const NONCES = "libraries/NonceBitmap.sol";
const SIGNATURES = "libraries/SignatureVerification.sol";
const SIGNED_TRANSACTION = "libraries/SignedTransaction.sol";
const TOKEN = "libraries/BoundedToken.sol";

const MUTANTS = [
  // Openings
  mutant("an opening replaces an escrow that a side has closed", OPENINGS, [
    "if (flags != 0) revert EscrowExists(id);",
    "if (flags == EscrowWords.OPEN) revert EscrowExists(id);",
  ]),
  mutant("an opening takes any epoch", OPENINGS, [
    "if (terms.epoch != epoch) revert WrongEpoch(terms.epoch, epoch);",
    "if (terms.epoch > epoch) revert WrongEpoch(terms.epoch, epoch);",
  ]),
  mutant("anyone opens by a client's allowance", OPENINGS, [
    "} else if (msg.sender != client) {",
    "} else if (msg.sender == terms.server) {",
  ]),
  mutant("the server may be the signer", OPENINGS, ["if (signer == server) revert BadTerms(Term.Signer);", ""]),
  mutant("a close delay may be longer than the lock", OPENINGS, [
    "if (unlockAt > NEVER || (ttl != 0 && closeDelay > ttl)) revert BadTerms(Term.Ttl);",
    "if (unlockAt > NEVER) revert BadTerms(Term.Ttl);",
  ]),
  mutant("an evergreen escrow ends with its close delay", OPENINGS, [
    "uint256 unlockAt = ttl == 0 ? NEVER : block.timestamp + ttl;",
    "uint256 unlockAt = block.timestamp + (ttl == 0 ? closeDelay : ttl);",
  ]),
  mutant("the pair's token changes while its escrow is open", OPENINGS, [
    "if (_escrows[_escrowId(msg.sender, server, named)].terms.hasFlag(EscrowWords.OPEN)) return;",
    "",
  ]),
  mutant("a closed escrow is filled up", OPENINGS, [
    "_checkNotClosed(_openTermsIn(escrow, epoch));\n        (uint256 balance, uint256 settled, uint256 unlockAt) = escrow.money.unpackMoney();\n        uint256 limit",
    "_openTermsIn(escrow, epoch);\n        (uint256 balance, uint256 settled, uint256 unlockAt) = escrow.money.unpackMoney();\n        uint256 limit",
  ]),
  mutant("a top-up overflows into the settled total", OPENINGS, [
    "if (amount > limit) revert AmountTooLarge(amount, limit);",
    "if (amount > EscrowWords.MAX_AMOUNT) revert AmountTooLarge(amount, limit);",
  ]),
  mutant("a top-up forgets what was settled", OPENINGS, [
    "balance += amount;\n        escrow.money = EscrowWords.packMoney(balance, settled, unlockAt);",
    "balance += amount;\n        escrow.money = EscrowWords.packMoney(balance, 0, unlockAt);",
  ]),
  mutant("a top-up of another epoch counts", OPENINGS, [
    "_checkNotClosed(_openTermsIn(escrow, epoch));\n        (uint256 balance, uint256 settled, uint256 unlockAt) = escrow.money.unpackMoney();\n        uint256 limit",
    "_checkNotClosed(_openTerms(escrow));\n        (uint256 balance, uint256 settled, uint256 unlockAt) = escrow.money.unpackMoney();\n        uint256 limit",
  ]),
  mutant("an extension shortens the lock", OPENINGS, ["if (newUnlockAt <= unlockAt) return;", ""]),
  mutant("an extension brings a closed escrow back", OPENINGS, [
    "_checkNotClosed(_openTermsIn(escrow, epoch));\n        (uint256 balance, uint256 settled, uint256 unlockAt) = escrow.money.unpackMoney();\n        if (newUnlockAt",
    "_openTermsIn(escrow, epoch);\n        (uint256 balance, uint256 settled, uint256 unlockAt) = escrow.money.unpackMoney();\n        if (newUnlockAt",
  ]),
  mutant("an extension has no deadline", OPENINGS, [
    "        _checkDeadline(authorization.deadline);\n        _checkSignature(authorization.client, authorization.hash(), signature);",
    "        _checkSignature(authorization.client, authorization.hash(), signature);",
  ]),
  mutant("an opening has no deadline", OPENINGS, ["        _checkDeadline(terms.deadline);\n", ""]),
  mutant("an opening's signer stays nobody", OPENINGS, [
    "terms.signer == address(0) ? client : terms.signer",
    "terms.signer",
  ]),
  mutant("an opening with other money takes a second signature", OPENINGS, [
    "if (signature.length != 0) revert BadTerms(Term.Funding);",
    "",
  ]),
  mutant("an opening overflows into the settled total", OPENINGS, [
    "if (amount > EscrowWords.MAX_AMOUNT) revert AmountTooLarge(amount, EscrowWords.MAX_AMOUNT);",
    "",
  ]),
  mutant("a close delay may be too short", OPENINGS, [
    "if (closeDelay < MIN_CLOSE_DELAY || closeDelay > MAX_CLOSE_DELAY)",
    "if (closeDelay > MAX_CLOSE_DELAY)",
  ]),
  mutant("a lock's end overflows", OPENINGS, [
    "if (unlockAt > NEVER || (ttl != 0 && closeDelay > ttl))",
    "if (ttl != 0 && closeDelay > ttl)",
  ]),
  mutant("a client opens with itself", OPENINGS, [
    "            server == address(this) ||\n            client == server\n",
    "            server == address(this)\n",
  ]),
  mutant("the pair's token never changes", OPENINGS, [
    ".terms.hasFlag(EscrowWords.OPEN)) return;",
    ".terms != 0) return;",
  ]),
  mutant("anyone fills up by a client's allowance", OPENINGS, [
    "if (funding.method == FundingMethod.Allowance) revert BadTerms(Term.Funding);",
    "",
  ]),
  mutant("a signed top-up has no deadline", OPENINGS, [
    "        _checkDeadline(authorization.deadline);\n        if (funding.method",
    "        if (funding.method",
  ]),
  mutant("an extension of another epoch counts", OPENINGS, [
    "_checkNotClosed(_openTermsIn(escrow, epoch));\n        (uint256 balance, uint256 settled, uint256 unlockAt) = escrow.money.unpackMoney();\n        if (newUnlockAt",
    "_checkNotClosed(_openTerms(escrow));\n        (uint256 balance, uint256 settled, uint256 unlockAt) = escrow.money.unpackMoney();\n        if (newUnlockAt",
  ]),
  mutant("anyone prolongs a lock", OPENINGS, [
    "        _checkSignature(authorization.client, authorization.hash(), signature);\n",
    "",
  ]),
  mutant("what the server closed is filled up and prolonged", OPENINGS, [
    "if (terms.hasFlag(EscrowWords.CLIENT_CLOSED | EscrowWords.SERVER_CLOSED)) revert Closed();",
    "if (terms.hasFlag(EscrowWords.CLIENT_CLOSED)) revert Closed();",
  ]),
  mutant("ERC-3009 funds nothing in the last second", OPENINGS, [
    "amount, deadline + 1, structHash",
    "amount, deadline, structHash",
  ]),

  // Leaving
  mutant("a client closes at once", EXITS, [
    "uint256 end = byServer ? block.timestamp : block.timestamp + closeDelay;",
    "uint256 end = block.timestamp;",
  ]),
  mutant("a close prolongs the lock", EXITS, ["if (end < unlockAt) unlockAt = end;", "unlockAt = end;"]),
  mutant("a server's close alone refunds", EXITS, [
    "if (block.timestamp >= unlockAt && terms.hasFlag(EscrowWords.CLIENT_CLOSED)) _refund",
    "if (block.timestamp >= unlockAt) _refund",
  ]),
  mutant("a server's close counts as the client's", EXITS, [
    "terms = terms.withFlag(byServer ? EscrowWords.SERVER_CLOSED : EscrowWords.CLIENT_CLOSED);",
    "terms = terms.withFlag(EscrowWords.CLIENT_CLOSED);",
  ]),
  mutant("a signed close works in every epoch", EXITS, [
    "uint256 terms = _openTermsIn(escrow, epoch);\n        (, uint256 closeDelay",
    "uint256 terms = _openTerms(escrow);\n        (, uint256 closeDelay",
  ]),
  mutant("the client signs the server's close", EXITS, [
    "_checkSignature(byServer ? server : client, authorization.hash(), signature);",
    "_checkSignature(client, authorization.hash(), signature);",
  ]),
  mutant("anyone closes for the client", EXITS, [
    "if (msg.sender != client && msg.sender != server) revert NotServer(msg.sender);",
    "",
  ]),
  mutant("anyone ends an escrow that is past its lock", EXITS, [
    "if (!_openTerms(escrow).hasFlag(EscrowWords.CLIENT_CLOSED)) revert NotClosed();",
    "_openTerms(escrow);",
  ]),
  mutant("a withdrawal succeeds a second early", EXITS, [
    "if (block.timestamp < unlockAt) revert StillLocked(unlockAt, block.timestamp);",
    "if (block.timestamp + 1 < unlockAt) revert StillLocked(unlockAt, block.timestamp);",
  ]),
  mutant("a refund keeps the epoch", EXITS, [
    "EscrowWords.packTerms(address(0), 0, epoch + 1, 0)",
    "EscrowWords.packTerms(address(0), 0, epoch, 0)",
  ]),
  mutant("a refund keeps the signer", EXITS, [
    "EscrowWords.packTerms(address(0), 0, epoch + 1, 0)",
    "EscrowWords.packTerms(client, 0, epoch + 1, 0)",
  ]),
  mutant("a refund leaves the balance", EXITS, [
    "        escrow.money = 0;\n",
    "        escrow.money = EscrowWords.packMoney(balance, 0, 0);\n",
  ]),
  mutant("a refund that its token refuses belongs to the receiver", EXITS, [
    "_push(client, token, to, balance);",
    "_push(to, token, to, balance);",
  ]),
  mutant("a signed release works in every epoch", EXITS, [
    "        _openTermsIn(escrow, epoch);\n        (uint256 balance, uint256 settled, uint256 unlockAt) = escrow.money.unpackMoney();\n        if (amount > balance)",
    "        _openTerms(escrow);\n        (uint256 balance, uint256 settled, uint256 unlockAt) = escrow.money.unpackMoney();\n        if (amount > balance)",
  ]),
  mutant("a signed release works again", EXITS, ["        _consumeAccountNonce(server, authorization.nonce);\n", ""]),
  mutant("a release lowers what was settled", EXITS, [
    "EscrowWords.packMoney(balance - amount, settled, unlockAt)",
    "EscrowWords.packMoney(balance - amount, settled > amount ? settled - amount : 0, unlockAt)",
  ]),
  mutant("a signed release has no deadline", EXITS, [
    "        address server = authorization.server;\n\n        // Check:\n        _checkDeadline(authorization.deadline);\n",
    "        address server = authorization.server;\n\n        // Check:\n",
  ]),
  mutant("a signed withdrawal of credit works again", EXITS, [
    "        _consumeAccountNonce(account, authorization.nonce);\n",
    "",
  ]),
  mutant("credit is paid out without being taken off", EXITS, [
    "_credits[account][token] = credit - amount;",
    "_credits[account][token] = credit > amount ? credit - amount : credit;",
  ]),
  mutant("the original close of a client counts as the server's", EXITS, [
    "_close(msg.sender, server, token, epoch, false);",
    "_close(msg.sender, server, token, epoch, true);",
  ]),
  mutant("a signed close has no deadline", EXITS, [
    "        _checkDeadline(authorization.deadline);\n        _checkSignature(byServer",
    "        _checkSignature(byServer",
  ]),
  mutant("anyone closes by an authorization", EXITS, [
    "        _checkSignature(byServer ? server : client, authorization.hash(), signature);\n",
    "",
  ]),
  mutant("a close ends a second late", EXITS, [
    "if (block.timestamp >= unlockAt && terms",
    "if (block.timestamp > unlockAt && terms",
  ]),
  mutant("a closed escrow is finalized before its end", EXITS, [
    "revert NotClosed();\n        _checkUnlocked(escrow);",
    "revert NotClosed();",
  ]),
  mutant("a withdrawal succeeds only a second late", EXITS, [
    "if (block.timestamp < unlockAt) revert",
    "if (block.timestamp <= unlockAt) revert",
  ]),
  mutant("a withdrawal of nothing ends an epoch", EXITS, [
    "        _checkReceiver(to);\n        _openTerms(escrow);\n",
    "        _checkReceiver(to);\n",
  ]),
  mutant("a withdrawal goes to nobody", EXITS, [
    "        _checkReceiver(to);\n        _openTerms(escrow);\n",
    "        _openTerms(escrow);\n",
  ]),
  mutant("a release leaves the balance", EXITS, [
    "EscrowWords.packMoney(balance - amount, settled, unlockAt)",
    "EscrowWords.packMoney(balance, settled, unlockAt)",
  ]),
  mutant("a release goes to the server", EXITS, [
    "_push(client, token, client, amount);",
    "_push(client, token, server, amount);",
  ]),
  mutant("anyone releases by an authorization", EXITS, [
    "        _checkSignature(server, authorization.hash(), signature);\n",
    "",
  ]),
  mutant("a signed withdrawal of credit has no deadline", EXITS, [
    "        _checkDeadline(authorization.deadline);\n        _checkSignature(account",
    "        _checkSignature(account",
  ]),
  mutant("anyone withdraws credit by an authorization", EXITS, [
    "        _checkSignature(account, authorization.hash(), signature);\n",
    "",
  ]),
  mutant("credit is paid to the contract itself", EXITS, [
    "        _checkReceiver(to);\n        uint256 credit",
    "        uint256 credit",
  ]),
  mutant("credit that its token refuses belongs to the receiver", EXITS, [
    "IERC20(token).safeTransfer(to, amount);",
    "_push(to, token, to, amount);",
  ]),

  // Collection
  mutant("whoever calls consumes payments", COLLECTION, [
    "if (!_mayConsume(payment.server)) revert NotServer(msg.sender);",
    "",
  ]),
  mutant("the client consumes its own payments", COLLECTION, [
    "if (!_mayConsume(payment.server)) revert NotServer(msg.sender);",
    "if (msg.sender != payment.client && !_mayConsume(payment.server)) revert NotServer(msg.sender);",
  ]),
  mutant("a settler's right never ends", COLLECTION, [
    "block.timestamp <= _settlers[server][msg.sender].validUntil",
    "_settlers[server][msg.sender].validUntil != 0",
  ]),
  mutant("a settler's right ends a second early", COLLECTION, [
    "block.timestamp <= _settlers[server][msg.sender].validUntil",
    "block.timestamp < _settlers[server][msg.sender].validUntil",
  ]),
  mutant("a payment of another epoch counts", COLLECTION, [
    "(address signer, , , ) = _openTermsIn(_escrows[id], epoch).unpackTerms();",
    "(address signer, , , ) = _openTerms(_escrows[id]).unpackTerms();",
  ]),
  mutant("a payment does not mark its nonce", NONCES, ["if (fresh) words[word] = bits | mask;", "words[word] = bits;"]),
  mutant("nonces of epochs overlap", COLLECTION, [
    "return bytes32((epoch << 64) | nonce);",
    "return bytes32((epoch << 8) | nonce);",
  ]),
  mutant("lanes of epochs are the same", COLLECTION, ["return (epoch << 64) | lane;", "return lane;"]),
  mutant("a tab that is partly paid counts as paid", COLLECTION, [
    "_tabs[pair.id][lane] = settled + _collect(pair, tab.epoch, tab.total - settled, true);",
    "_collect(pair, tab.epoch, tab.total - settled, true);\n        _tabs[pair.id][lane] = tab.total;",
  ]),
  mutant("a tab pays its whole total again", COLLECTION, [
    "_collect(pair, tab.epoch, tab.total - settled, true)",
    "_collect(pair, tab.epoch, tab.total, true)",
  ]),
  mutant("a smaller tab reverts", COLLECTION, [
    "if (tab.total <= settled) return;",
    "if (tab.total < settled) revert NonceUsed(tab.lane);\n        if (tab.total == settled) return;",
  ]),
  mutant("what does not fit is taken in part without being asked to", COLLECTION, [
    "if (!allowPartial || available == 0) revert NotCovered(available, amount);",
    "if (available == 0) revert NotCovered(available, amount);",
  ]),
  mutant("a payment is all or nothing", COLLECTION, [
    "if (!allowPartial || available == 0) revert NotCovered(available, amount);",
    "revert NotCovered(available, amount);",
  ]),
  mutant("a failed pull reverts", COLLECTION, [
    "            fromWallet = 0;\n            paid = _coverable(amount, balance, allowPartial);",
    "            revert NotCovered(balance, amount);",
  ]),
  mutant("a failed pull still counts as paid from the wallet", COLLECTION, [
    "            fromWallet = 0;\n            paid = _coverable(amount, balance, allowPartial);",
    "            paid = _coverable(amount, balance, allowPartial);\n            if (paid < fromWallet) fromWallet = paid;",
  ]),
  mutant("the escrow pays before the wallet", COLLECTION, [
    "if (paid < fromWallet) fromWallet = paid;",
    "if (paid < fromWallet + balance) fromWallet = paid > balance ? paid - balance : 0;",
  ]),
  mutant("what the wallet pays is not counted as settled", COLLECTION, [
    "settled + fromWallet + fromEscrow,",
    "settled + fromEscrow,",
  ]),
  mutant("what the escrow pays is not counted as settled", COLLECTION, [
    "settled + fromWallet + fromEscrow,",
    "settled + fromWallet,",
  ]),
  mutant("the server's credit is overwritten", COLLECTION, [
    "_credits[pair.server][pair.token] += fromEscrow;",
    "_credits[pair.server][pair.token] = fromEscrow;",
  ]),
  mutant("the settled total overflows", COLLECTION, [
    "if (amount > room) revert AmountTooLarge(amount, room);",
    "if (amount > EscrowWords.MAX_AMOUNT) revert AmountTooLarge(amount, room);",
  ]),
  mutant("a payment past its deadline counts", COLLECTION, [
    "if (deadline != 0) _checkDeadline(deadline);",
    "if (deadline != 0) _checkDeadline(deadline + 1);",
  ]),
  mutant("a payment needs no escrow", COLLECTION, [
    "uint256 terms = _openTerms(_escrows[pair.id]);",
    "uint256 terms = _escrows[pair.id].terms;",
  ]),
  mutant("a payment's nonce is not looked at", COLLECTION, [
    "if (!_paymentNonces[pair.id].consume(_paymentNonce(payment.epoch, payment.nonce))) {",
    "if (!_paymentNonces[pair.id].consume(_paymentNonce(payment.epoch, payment.nonce)) && payment.amount == 0) {",
  ]),
  mutant("a payment's signature is not compared", COLLECTION, [
    "if (SignatureVerification.recover(_hashTypedDataV4(structHash), signature) != signer) {",
    "if (SignatureVerification.recover(_hashTypedDataV4(structHash), signature) == address(0)) {",
  ]),
  mutant("an item without a deadline is expired", COLLECTION, [
    "if (deadline != 0) _checkDeadline(deadline);",
    "_checkDeadline(deadline);",
  ]),
  mutant("what the wallet pays stays in the contract", COLLECTION, [
    "BoundedToken.tryTransferFrom(pair.token, pair.client, pair.server, amount)",
    "BoundedToken.tryTransferFrom(pair.token, pair.client, address(this), amount)",
  ]),
  mutant("what the escrow pays is the client's credit", COLLECTION, [
    "_credits[pair.server][pair.token] += fromEscrow;",
    "_credits[pair.client][pair.token] += fromEscrow;",
  ]),
  mutant("what the escrow pays stays in the escrow too", COLLECTION, [
    "            balance - fromEscrow,\n",
    "            balance,\n",
  ]),
  mutant("a payment lets its token back in", COLLECTION, [
    "        bytes calldata signature,\n        bool allowPartial\n    ) external nonReentrant {",
    "        bytes calldata signature,\n        bool allowPartial\n    ) external {",
  ]),
  mutant("a tab lets its token back in", COLLECTION, [
    "function settleTab(Tab calldata tab, bytes calldata signature) external nonReentrant {",
    "function settleTab(Tab calldata tab, bytes calldata signature) external {",
  ]),

  // Batches
  mutant("anyone consumes payments in a batch", BATCHES, ["if (!choice.mayConsume) return Skip.NotServer;", ""]),
  mutant("nobody settles tabs in a batch but the server", BATCHES, ["        choice.mayConsume = true;\n", ""]),
  mutant("the second choice forgets to take the marks back", BATCHES, [
    "            _unmark(choice, group, payments, tabs);\n",
    "",
  ]),
  mutant("the second choice keeps what was used in the first", BATCHES, [
    "return reason == Skip.NotCovered || reason == Skip.Used ? Skip.None : reason;",
    "return reason == Skip.NotCovered ? Skip.None : reason;",
  ]),
  mutant("tabs are not taken back with a failed pull", BATCHES, [
    "_tabs[choice.id][_laneKey(choice.epoch, _indexOf(group.tabs[i].head))] -= tabs[i];",
    "",
  ]),
  mutant("a batch settles one nonce twice", BATCHES, ["                else bits |= mask;\n", ""]),
  mutant("a batch loses the marks of a word when it changes", BATCHES, [
    "                    if (bits != 0) nonces[word] = bits;\n                    word = nonce >> 8;",
    "                    word = nonce >> 8;",
  ]),
  mutant("an uncovered row stops the rows behind it", BATCHES, [
    "                else if (paid == 0) reason = Skip.NotCovered;\n",
    "                else if (paid == 0) (reason, left) = (Skip.NotCovered, 0);\n",
  ]),
  mutant("an expired row counts in a batch", BATCHES, [
    "if (deadline != 0 && block.timestamp > deadline) return Skip.Expired;",
    "",
  ]),
  mutant("dirty low bits count", BATCHES, [
    "if (amount == 0 || head & type(uint24).max != 0) return Skip.Malformed;",
    "if (amount == 0) return Skip.Malformed;",
  ]),
  mutant("a row's signature is not compared", BATCHES, [
    "return signer == choice.signer ? Skip.None : Skip.BadSignature;",
    "return signer != address(0) ? Skip.None : Skip.BadSignature;",
  ]),
  mutant("a batch pays from the escrow what the wallet has", BATCHES, [
    "if (choice.due < fromWallet) fromWallet = choice.due;",
    "if (choice.due < fromWallet) fromWallet = 0;",
  ]),
  mutant("a batch ignores its partial flag", BATCHES, [
    "if (paid > left) paid = choice.allowPartial ? left : 0;",
    "if (paid > left) paid = left;",
  ]),
  mutant("a group without an escrow fails the batch", BATCHES, [
    "            _emitNoEscrow(pair.id, group.payments);\n",
    "            if (group.payments.length != 0) revert NoEscrow();\n",
  ]),
  mutant("a batch settles without an escrow", BATCHES, ["if (flags == 0) {", "if (flags > 7) {"]),
  mutant("a batch overflows the settled total", BATCHES, [
    "choice.left = available < room ? available : room;",
    "choice.left = available < room ? available : available;",
  ]),
  mutant("a tab in a batch pays its whole total again", BATCHES, [
    "paid = (head >> 128) - settled;",
    "paid = head >> 128;",
  ]),
  mutant("a tab that is partly paid in a batch counts as paid", BATCHES, [
    "tabs[lane] = settled + paid;",
    "tabs[lane] = head >> 128;",
  ]),
  mutant("a row expires a second early in a batch", BATCHES, [
    "block.timestamp > deadline) return Skip.Expired;",
    "block.timestamp >= deadline) return Skip.Expired;",
  ]),
  mutant("the second choice adds to the first", BATCHES, ["        choice.due = 0;\n", ""]),
  mutant("a batch lets its token back in", BATCHES, [
    "function settleBatch(Group[] calldata groups, bool allowPartial) external nonReentrant {",
    "function settleBatch(Group[] calldata groups, bool allowPartial) external {",
  ]),

  // Signed transactions
  mutant("a transaction's content is not marked", TRANSACTIONS, [
    "        _transactions[_content(pair.id, payment)] = true;\n",
    "",
  ]),
  mutant("a content that was used lands again", TRANSACTIONS, [
    "        if (_transactions[_content(pair.id, payment)]) return;\n",
    "",
  ]),
  mutant("anyone settles a transaction in part", TRANSACTIONS, [
    "if (allowPartial && !_mayConsume(pair.server)) revert NotServer(msg.sender);",
    "",
  ]),
  mutant("a transaction counts whoever the signer is", TRANSACTIONS, [
    "        if (signer != client) revert BadSignature(signer);\n",
    "        signer;\n",
  ]),
  mutant("a transaction of another epoch counts", TRANSACTIONS, [
    "(address signer, , , ) = _openTermsIn(_escrows[pair.id], payment.epoch).unpackTerms();",
    "(address signer, , , ) = _openTerms(_escrows[pair.id]).unpackTerms();",
  ]),
  mutant("contents are told apart by their nonce alone", TRANSACTIONS, [
    "return keccak256(abi.encode(id, payment));",
    "return keccak256(abi.encode(id, payment.epoch, payment.nonce));",
  ]),
  mutant("a transaction may call another function", TRANSACTIONS, [
    "bytes4(data) != IFlashSettlement.settleNumberedPayment.selector ||\n            ",
    "",
  ]),
  mutant("a transaction of another chain counts", SIGNED_TRANSACTION, [
    "if (chainId != block.chainid) revert BadTransaction(Fault.ChainId);",
    "chainId;",
  ]),
  mutant("a transaction may carry value", SIGNED_TRANSACTION, [
    "if (raw[position + 21] != 0x80) revert BadTransaction(Fault.Value);",
    "",
  ]),
  mutant("a transaction to another contract counts", SIGNED_TRANSACTION, [
    "if (uint168(bytes21(raw[position:position + 21])) != (uint168(0x94) << 160) | uint160(target)) {",
    "if (target == address(0)) {",
  ]),
  mutant("a transaction past its deadline counts", TRANSACTIONS, [
    "        _checkItemDeadline(payment.deadline);\n",
    "",
  ]),
  mutant("a transaction that lands counts in every epoch", TRANSACTIONS, [
    "        _openTermsIn(_escrows[pair.id], epoch);\n",
    "        _openTerms(_escrows[pair.id]);\n",
  ]),
  mutant("a nonce's high bits are ignored", TRANSACTIONS, ["            nonce > type(uint64).max ||\n", ""]),
  mutant("a server's high bits are ignored", TRANSACTIONS, ["            _word(data, 0) > type(uint160).max ||\n", ""]),
  mutant("a transaction of any type counts", SIGNED_TRANSACTION, [
    "if (raw.length < 4 || raw[0] != 0x02) revert",
    "if (raw.length < 4) revert",
  ]),
  mutant("a transaction may lack its access list", SIGNED_TRANSACTION, [
    "if (raw[end - 1] != 0xc0) revert BadTransaction(Fault.AccessList);",
    "",
  ]),
  mutant("an integer has more than one form", SIGNED_TRANSACTION, [
    "if (!isShortest) revert BadTransaction(Fault.Integer);",
    "",
  ]),

  // Rights
  mutant("a settler's authorization works again", RIGHTS, [
    "if (authorization.sequence != sequence) revert WrongSequence(authorization.sequence, sequence);",
    "",
  ]),
  mutant("setting a settler does not void older authorizations", RIGHTS, [
    "Settler({validUntil: validUntil, sequence: sequence + 1})",
    "Settler({validUntil: validUntil, sequence: validUntil == 0 ? sequence : sequence + 1})",
  ]),
  mutant("cancelled nonces come back", RIGHTS, [
    "_accountNonces[msg.sender][word] |= mask;",
    "_accountNonces[msg.sender][word] = mask;",
  ]),
  mutant("a settler's authorization has no deadline", RIGHTS, [
    "        _checkDeadline(authorization.deadline);\n",
    "",
  ]),
  mutant("anyone names a settler by an authorization", RIGHTS, [
    "        _checkSignature(server, authorization.hash(), signature);\n",
    "",
  ]),

  // Money out, storage, views
  mutant("a refused push reverts", STORAGE, [
    "        _credits[owner][token] += amount;\n",
    "        revert NotCovered(0, amount);\n",
  ]),
  mutant("the words overlap", WORDS, [
    "uint256 private constant SETTLED_SHIFT = 96;",
    "uint256 private constant SETTLED_SHIFT = 95;",
  ]),
  mutant("a lane is read in another epoch", VIEWS, [
    "_tabs[id][_laneKey(epoch, lane)]",
    "_tabs[id][_laneKey(0, lane)]",
  ]),
  mutant("a digest leaves the epoch out", HASHING, [
    "return keccak256(abi.encode(PAYMENT_TYPEHASH, payment));",
    "return keccak256(abi.encode(PAYMENT_TYPEHASH, payment.client, payment.server, payment.token, payment.amount, payment.nonce, payment.deadline));",
  ]),
  mutant("a refused push is lost", STORAGE, [
    "        _credits[owner][token] += amount;\n        emit Credited(owner, token, amount);\n",
    "        emit Credited(owner, token, amount);\n",
  ]),
  mutant("what was signed for an earlier epoch counts", STORAGE, [
    "if (epoch != current) revert WrongEpoch(epoch, current);",
    "if (epoch > current) revert WrongEpoch(epoch, current);",
  ]),
  mutant("what was signed for a later epoch counts", STORAGE, [
    "if (epoch != current) revert WrongEpoch(epoch, current);",
    "if (epoch < current) revert WrongEpoch(epoch, current);",
  ]),
  mutant("a deadline's last second is too late", STORAGE, [
    "if (block.timestamp > deadline) revert Expired",
    "if (block.timestamp >= deadline) revert Expired",
  ]),

  // Tokens and signatures
  mutant("little gas chooses the escrow", TOKEN, ["        _requireGas(TRANSFER_RESERVE);\n", ""]),
  mutant("little gas hides the wallet", TOKEN, ["        _requireGas(READS_RESERVE);\n", ""]),
  mutant("a transfer that returns false counts", TOKEN, [
    "return size == 0 ? token.code.length != 0 : size > 31 && word == 1;",
    "return size == 0 ? token.code.length != 0 : size > 31;",
  ]),
  mutant("a token must answer", TOKEN, [
    "return size == 0 ? token.code.length != 0 : size > 31 && word == 1;",
    "return size > 31 && word == 1;",
  ]),
  mutant("the allowance alone says what a wallet can pay", TOKEN, [
    "return balance < allowance ? balance : allowance;",
    "return allowance;",
  ]),
  mutant("an opening does not measure what came", FUNDING, [
    "if (received != amount) revert TransferMismatch(amount, received);",
    "if (received > amount) revert TransferMismatch(amount, received);",
  ]),
  mutant("ERC-3009 funds any message", FUNDING, [
    "IERC3009(asset).receiveWithAuthorization(from, address(this), amount, 0, validBefore, nonce, v, r, s);",
    "IERC3009(asset).receiveWithAuthorization(from, address(this), amount, 0, validBefore, keccak256(abi.encode(from)), v, r, s);",
  ]),
  mutant("code at a key's address takes its signatures back", SIGNATURES, [
    "if (signer != address(0) && signer == account) return true;",
    "if (signer != address(0) && signer == account && account.code.length == 0) return true;",
  ]),
  mutant("a token takes all the gas there is", TOKEN, [
    "BoundedCall.tryCall(token, TRANSFER_GAS, data)",
    "BoundedCall.tryCall(token, gasleft(), data)",
  ]),
  mutant("any answer of a wallet counts", SIGNATURES, [
    "return ok && word == uint256(bytes32(IERC1271.isValidSignature.selector));",
    "return ok && word != 0;",
  ]),
];

/** Bugs that somebody could make in FlashSettlement. */
export const FLASH: Family = {
  contracts: ["contracts/flash/FlashSettlement.sol"],
  campaign: "test/flash/FlashSettlement.invariant.t.sol",
  // Most bugs are found by a few of the 13 campaigns: the others run where these find nothing.
  stages: ["invariant_F(2|12)_", "invariant_F(3|5|10|11)_", "invariant_F(1|4|6|7|8|9|13)_"],
  mutants: MUTANTS,
};
