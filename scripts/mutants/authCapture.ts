import { type Family, mutant } from "./mutant.ts";

const CAPTURES = "auth-capture/OperatorCaptures.sol";
const COLLECTION = "auth-capture/OperatorCollection.sol";
const DEADLINES = "auth-capture/OperatorDeadlines.sol";
const DISPUTES = "auth-capture/OperatorDisputes.sol";
const HASHING = "auth-capture/OperatorHashing.sol";
const STORAGE = "auth-capture/OperatorStorage.sol";
const VIEWS = "auth-capture/OperatorViews.sol";
const TERMS = "auth-capture/PackedTerms.sol";
const FACTORY = "auth-capture/TermsOperatorFactory.sol";
const OPERATOR = "auth-capture/TermsOperator.sol";
const OPERATOR_V1_0 = "auth-capture/TermsOperatorV1_0.sol";
const REFUNDS = "auth-capture/SignedRefundCollector.sol";
const SIGNATURES = "libraries/SignatureVerification.sol";

const MUTANTS = [
  // Collection
  mutant("a hold is charged", COLLECTION, [
    "if (terms_.flags() & PackedTerms.CHARGE_FLOW == 0) revert WrongFlow();",
    "",
  ]),
  // That a charge is held cannot be planted: without a maxHold no expiry is late enough for the escrow and early enough for the operator.
  mutant("a part is collected", COLLECTION, [
    "if (amount != paymentInfo.maxAmount) revert AmountNotMax(amount, paymentInfo.maxAmount);",
    "if (amount > paymentInfo.maxAmount) revert AmountNotMax(amount, paymentInfo.maxAmount);",
  ]),
  mutant("any collector collects", COLLECTION, [
    "if (!_isPaymentCollector(tokenCollector)) revert CollectorNotAllowed(tokenCollector);",
    "",
  ]),
  mutant("a canonical collector is refused", COLLECTION, ["tokenCollector == PRE_APPROVAL_COLLECTOR ||", ""]),
  mutant("the receiver may judge", COLLECTION, ["_checkParty(paymentInfo.receiver, arbiter);", ""]),
  mutant("the payer may judge", COLLECTION, ["_checkParty(paymentInfo.payer, arbiter);", ""]),
  mutant("the operator may be paid", COLLECTION, [
    "if (party == address(0) || party == address(this) || party == arbiter) revert InvalidParty(party);",
    "if (party == address(0) || party == arbiter) revert InvalidParty(party);",
  ]),
  mutant("another fee receiver is signed", COLLECTION, ["paymentInfo.feeReceiver != terms_.feeReceiver() ||", ""]),
  mutant("a fee below the signed least is taken", COLLECTION, ["paymentInfo.minFeeBps > feeBps ||", ""]),
  mutant("a fee above the signed greatest is taken", COLLECTION, [
    "paymentInfo.minFeeBps > feeBps ||\n            paymentInfo.maxFeeBps < feeBps",
    "paymentInfo.minFeeBps > feeBps",
  ]),
  mutant("whoever charges chooses the fee", COLLECTION, [
    "if (fee != _feeOf(amount, terms_) || feeReceiver != terms_.feeReceiver()) _revertFee(terms_);",
    "",
  ]),
  mutant("a hold is collected without time to dispute", COLLECTION, [
    "uint256 earliest = block.timestamp + terms_.disputeWindow() + terms_.releaseLead();",
    "uint256 earliest = block.timestamp + terms_.releaseLead();",
  ]),
  mutant("the shortest hold is a second shorter", COLLECTION, [
    "if (expiry < earliest) revert HoldTooShort(expiry, earliest);",
    "if (expiry + 1 < earliest) revert HoldTooShort(expiry, earliest);",
  ]),
  mutant("a hold never ends", COLLECTION, ["if (expiry > latest) revert HoldTooLong(expiry, latest);", ""]),
  mutant("the longest hold is refused", COLLECTION, [
    "if (expiry > latest) revert HoldTooLong(expiry, latest);",
    "if (expiry >= latest) revert HoldTooLong(expiry, latest);",
  ]),

  // Captures
  mutant("a disputed hold is captured", CAPTURES, ["if (disputedAt != 0) revert UnderDispute(disputedAt);", ""]),
  mutant("an arbitrated hold is captured in the payer's time", CAPTURES, [
    "if (block.timestamp + lead < expiry) revert CaptureTooEarly(block.timestamp, _before(expiry, lead));",
    "",
  ]),
  mutant("an arbitrated hold is captured a second too early", CAPTURES, [
    "if (block.timestamp + lead < expiry) revert CaptureTooEarly",
    "if (block.timestamp + lead + 1 < expiry) revert CaptureTooEarly",
  ]),
  mutant("a close-out keeps the rest", CAPTURES, ["if (amount < capturable) _void();", ""]),
  mutant("a close-out of all asks for a void", CAPTURES, ["if (amount < capturable) _void();", "_void();"]),
  mutant("half of a close-out is played alone", CAPTURES, [
    "_captureSigned(paymentInfo, amount, signature, CAPTURE_TYPEHASH);",
    "_captureSigned(paymentInfo, amount, signature, CAPTURE_AND_VOID_TYPEHASH);",
  ]),
  mutant("a capture is not bound to what can be refunded", CAPTURES, [
    "capturable: capturable,\n                refundable: refundable",
    "capturable: capturable,\n                refundable: 0",
  ]),
  mutant("a capture is not bound to what is held", CAPTURES, [
    "capturable: capturable,\n                refundable: refundable",
    "capturable: capturable + refundable,\n                refundable: refundable",
  ]),
  mutant("anyone voids", CAPTURES, [
    "_checkConsent(authorizer, OperatorHashing.voidHash(_paymentInfoHash()), signature);",
    "if (signature.length != 0) _checkConsent(authorizer, OperatorHashing.voidHash(_paymentInfoHash()), signature);",
  ]),
  mutant("the payer voids", CAPTURES, [
    "address authorizer = _authorizerOf(paymentInfo, terms_);\n        _checkConsent(authorizer,",
    "address authorizer = msg.sender == paymentInfo.payer ? msg.sender : _authorizerOf(paymentInfo, terms_);\n        _checkConsent(authorizer,",
  ]),
  mutant("any collector refunds", CAPTURES, [
    "if (tokenCollector != REFUND_COLLECTOR) revert CollectorNotAllowed(tokenCollector);",
    "",
  ]),
  mutant("a refund is signed by the payer", CAPTURES, [
    "expected: _authorizerOf(paymentInfo, terms_),\n            structHash: OperatorHashing.refundHash",
    "expected: paymentInfo.payer,\n            structHash: OperatorHashing.refundHash",
  ]),
  mutant("a refund is not bound to what can be refunded", CAPTURES, [
    "OperatorHashing.refundHash(paymentInfoHash, amount, tokenCollector, capturable, refundable)",
    "OperatorHashing.refundHash(paymentInfoHash, amount, tokenCollector, capturable, 0)",
  ]),

  // Disputes
  mutant("a release from before a dispute counts", DISPUTES, [
    "OperatorHashing.releaseHash(paymentInfoHash, capturable, isDisputed, deadline)",
    "OperatorHashing.releaseHash(paymentInfoHash, capturable, isDisputed && !isDisputed, deadline)",
  ]),
  mutant("a settlement from before a dispute counts", DISPUTES, [
    "disputed: _disputeOf(paymentInfoHash, terms_) != 0,",
    "disputed: false,",
  ]),
  mutant("a release's deadline is not looked at", DISPUTES, [
    "_checkDeadline(deadline);\n        bool isDisputed",
    "bool isDisputed",
  ]),
  mutant("the receiver releases", DISPUTES, [
    "expected: paymentInfo.payer,\n            structHash: OperatorHashing.releaseHash",
    "expected: paymentInfo.receiver,\n            structHash: OperatorHashing.releaseHash",
  ]),
  mutant("what is not held is disputed", DISPUTES, [
    "_requireHeld(paymentInfoHash);\n        uint256 disputedAt",
    "uint256 disputedAt",
  ]),
  mutant("a dispute is renewed", DISPUTES, ["if (disputedAt != 0) revert AlreadyDisputed(disputedAt);", ""]),
  mutant("a dispute comes when its time is over", DISPUTES, [
    "if (block.timestamp + lead >= expiry) revert DisputeWindowClosed",
    "if (block.timestamp + lead > expiry) revert DisputeWindowClosed",
  ]),
  mutant("a dispute comes at any time", DISPUTES, [
    "if (block.timestamp + lead >= expiry) revert DisputeWindowClosed(block.timestamp, _before(expiry, lead));",
    "",
  ]),
  mutant("anyone disputes", DISPUTES, [
    "_checkConsent({\n            expected: paymentInfo.payer,\n            structHash: OperatorHashing.disputeHash",
    "_checkConsent({\n            expected: signature.length == 0 ? msg.sender : paymentInfo.payer,\n            structHash: OperatorHashing.disputeHash",
  ]),
  mutant("an undisputed hold is ruled", DISPUTES, [
    "if (_disputeOf(paymentInfoHash, terms_) == 0) revert NotDisputed();",
    "",
  ]),
  mutant("a ruling comes when its time is over", DISPUTES, [
    "if (block.timestamp + lead >= expiry) revert RuleWindowClosed",
    "if (block.timestamp + lead > expiry) revert RuleWindowClosed",
  ]),
  mutant("a ruling comes at any time", DISPUTES, [
    "if (block.timestamp + lead >= expiry) revert RuleWindowClosed(block.timestamp, _before(expiry, lead));",
    "",
  ]),
  mutant("the authorizer rules", DISPUTES, [
    "_checkConsent(terms_.arbiter(), OperatorHashing.ruleHash",
    "_checkConsent(_authorizerOf(paymentInfo, terms_), OperatorHashing.ruleHash",
  ]),
  mutant("the payer settles alone", DISPUTES, [
    "_checkConsent(_authorizerOf(paymentInfo, terms_), structHash, authorizerSignature);",
    "",
  ]),
  mutant("the authorizer settles alone", DISPUTES, [
    "_checkConsent(paymentInfo.payer, structHash, payerSignature);",
    "",
  ]),
  mutant("a settlement gives more than was signed", DISPUTES, [
    "_split(receiverAmount, capturable, terms_);\n    }\n}",
    "_split(capturable, capturable, terms_);\n    }\n}",
  ]),

  // Deadlines
  // That a plain hold is pushed cannot be planted: without an arbiter there is no lead, and no moment both at and before the expiry.
  mutant("the rest of a hold is pushed", DEADLINES, ["capturable == paymentInfo.maxAmount &&\n", ""]),
  // Nor that a dispute is pushed that falls to the payer: its terms have no lead for rulings.
  mutant("a dispute is pushed in the arbiter's time", DEADLINES, [
    "uint256 lead = isDisputed ? terms_.ruleLead() : terms_.releaseLead();",
    "uint256 lead = terms_.releaseLead();",
  ]),
  mutant("a hold is pushed a second too late", DEADLINES, [
    "block.timestamp + lead < expiry ||",
    "block.timestamp + lead <= expiry ||",
  ]),
  mutant("a hold is pushed at any time", DEADLINES, ["block.timestamp + lead < expiry ||", ""]),
  mutant("a hold is voided before its expiry", DEADLINES, [
    "if (block.timestamp < expiry) revert NotExpired(block.timestamp, expiry);",
    "if (block.timestamp + 1 < expiry) revert NotExpired(block.timestamp, expiry);",
  ]),
  mutant("a hold is voided a second late", DEADLINES, [
    "if (block.timestamp < expiry) revert NotExpired(block.timestamp, expiry);",
    "if (block.timestamp <= expiry) revert NotExpired(block.timestamp, expiry);",
  ]),

  // What the parts share
  mutant("an operator acts on another's payment", STORAGE, [
    "if (paymentInfo.operator != address(this)) revert WrongOperator(paymentInfo.operator);",
    "",
  ]),
  mutant("the receiver is always the authorizer", STORAGE, [
    "if (authorizer == address(0)) authorizer = paymentInfo.receiver;",
    "authorizer = paymentInfo.receiver;",
  ]),
  mutant("a fee is rounded up", STORAGE, ["(amount * feeBps) / BPS;", "(amount * feeBps + BPS - 1) / BPS;"]),
  mutant("a deadline is not looked at", STORAGE, [
    "if (block.timestamp > deadline) revert SignatureExpired(deadline, block.timestamp);",
    "",
  ]),
  mutant("a deadline is a second shorter", STORAGE, [
    "if (block.timestamp > deadline) revert SignatureExpired",
    "if (block.timestamp >= deadline) revert SignatureExpired",
  ]),
  mutant("no signature is looked at", STORAGE, [
    "if (!SignatureVerification.isValid(expected, digest, signature)) revert InvalidSignature(expected);",
    "",
  ]),
  mutant("who calls without a signature is believed", STORAGE, [
    "if (signature.length == 0 && msg.sender == expected) return;",
    "if (signature.length == 0) return;",
  ]),
  mutant("nobody consents by calling", STORAGE, ["if (signature.length == 0 && msg.sender == expected) return;", ""]),
  mutant("a split voids nothing", STORAGE, ["if (receiverAmount < capturable) _void();", ""]),
  mutant("a split captures nothing", STORAGE, ["if (receiverAmount != 0) _capture(receiverAmount, terms_);", ""]),
  mutant("a split of all asks for a void", STORAGE, ["if (receiverAmount < capturable) _void();", "_void();"]),
  mutant("a refusal of the escrow is not passed on", STORAGE, [
    "if (!LowLevelCall.callNoReturn(address(ESCROW), data)) LowLevelCall.bubbleRevert();",
    "LowLevelCall.callNoReturn(address(ESCROW), data);",
  ]),
  mutant("captures pay no fee", STORAGE, [
    "_capture(amount, _feeOf(amount, terms_), terms_.feeReceiver());",
    "_capture(amount, 0, terms_.feeReceiver());",
  ]),
  mutant("a dispute is not seen", STORAGE, [
    "return terms_.arbiter() == address(0) ? 0 : _disputedAt[paymentInfoHash];",
    "return terms_.arbiter() == address(0) ? _disputedAt[paymentInfoHash] : 0;",
  ]),

  // Reentrancy
  mutant("a collection can be interrupted", COLLECTION, [
    "bytes calldata\n    ) external nonReentrant {\n        bytes memory terms_",
    "bytes calldata\n    ) external {\n        bytes memory terms_",
  ]),

  // Hashing
  mutant("a signature fits every operator", HASHING, [
    "return EfficientHashLib.hash(DOMAIN_TYPEHASH, NAME_HASH, VERSION_HASH, bytes32(block.chainid), _word(operator));",
    "return EfficientHashLib.hash(DOMAIN_TYPEHASH, NAME_HASH, VERSION_HASH, bytes32(block.chainid), _word(operator) & 0);",
  ]),
  mutant("a settlement is not bound to what is held", HASHING, [
    "bytes32(receiverAmount),\n                bytes32(capturable),",
    "bytes32(receiverAmount),\n                bytes32(capturable | 1),",
  ]),
  mutant("a ruling says nothing of the amount", HASHING, [
    "return EfficientHashLib.hash(RULE_TYPEHASH, paymentInfoHash, bytes32(receiverAmount));",
    "return EfficientHashLib.hash(RULE_TYPEHASH, paymentInfoHash, bytes32(receiverAmount & 1));",
  ]),
  mutant("v1.0 signs the fee as v1.1 does", OPERATOR_V1_0, [
    "captureTypehash: OperatorHashing.CAPTURE_V1_0_TYPEHASH,",
    "captureTypehash: OperatorHashing.CAPTURE_TYPEHASH,",
  ]),
  mutant("v1.0 takes the fee as an amount", OPERATOR_V1_0, ["isFeeInBps: true", "isFeeInBps: false"]),
  mutant("v1.1 takes the fee in basis points", OPERATOR, ["isFeeInBps: false", "isFeeInBps: true"]),

  // Terms, views and the factory
  mutant("the leads are mixed up", TERMS, [
    "return uint32(_numbers(packed) >> 72);",
    "return uint32(_numbers(packed) >> 104);",
  ]),
  mutant("the dispute window is not the terms'", TERMS, [
    "return uint32(_numbers(packed) >> 40);",
    "return uint32(_numbers(packed) >> 40) / 2;",
  ]),
  mutant("an operator tells other terms", TERMS, [
    "terms.maxHold = uint32(maxHold(packed));",
    "terms.maxHold = uint32(maxHold(packed) + 1);",
  ]),
  mutant("a status hides a dispute", VIEWS, ["status.disputedAt = _disputedAt[paymentInfoHash];", ""]),
  mutant("a status tells a wrong deadline", VIEWS, [
    "status.rulingDeadline = uint48(_before(expiry, terms_.ruleLead()));",
    "status.rulingDeadline = uint48(_before(expiry, terms_.releaseLead()));",
  ]),
  mutant("an operator of v1.0 is not known", FACTORY, [
    "return account == _predict(OPERATOR, packed) || account == _predict(OPERATOR_V1_0, packed);",
    "return account == _predict(OPERATOR, packed);",
  ]),

  // Funding of refunds
  mutant("anybody fetches what a funder signed", REFUNDS, [
    "if (msg.sender != ESCROW) revert OnlyAuthCaptureEscrow();",
    "",
  ]),
  mutant("a funder signs for any payment", REFUNDS, ["PaymentInfoHash.compute(ESCROW),", "bytes32(0),"]),
  mutant("a funder signs for any collector", REFUNDS, ["_word(address(this)),", "bytes32(0),"]),
  mutant("what a funder signed ends a second early", REFUNDS, [
    "validBefore: uint256(funding.deadline) + 1,",
    "validBefore: uint256(funding.deadline),",
  ]),
  mutant("what was fetched stays at the collector", REFUNDS, ["IERC20(token).safeTransfer(tokenStore, amount);", ""]),

  // Signatures
  mutant("anybody's key signs", SIGNATURES, [
    "if (signer != address(0) && signer == account) return true;",
    "if (signer != address(0) || signer == account) return true;",
  ]),
  mutant("a wallet never signs", SIGNATURES, ["return isValidErc1271(account, digest, signature);", "return false;"]),
  mutant("whatever a wallet answers is a yes", SIGNATURES, [
    "return ok && word == uint256(bytes32(IERC1271.isValidSignature.selector));",
    "return ok;",
  ]),
  mutant("the code of a key can deny what the key signed", SIGNATURES, [
    "if (signer != address(0) && signer == account) return true;",
    "if (signer != address(0) && signer == account && account.code.length == 0) return true;",
  ]),
];

/** Bugs that somebody could make in the operators. */
export const AUTH_CAPTURE: Family = {
  contracts: ["contracts/auth-capture/TermsOperatorFactory.sol", "contracts/auth-capture/SignedRefundCollector.sol"],
  campaign: "test/auth-capture/TermsOperator.invariant.t.sol",
  // Most bugs are found by a few of the 12 campaigns: the others run where these find nothing.
  stages: ["invariant_A(2|6|8|9)_", "invariant_A(1|3|4|5|7|10|11|12)_"],
  mutants: MUTANTS,
};
