/** Every reason for which a voucher is refused, each with a sentence for people. The names follow the scheme's own. */
export const REJECTIONS = {
  invalid_deferred_evm_payload_chain_id: "The voucher is for another chain.",
  invalid_deferred_evm_payload_voucher_escrow_mismatch: "The voucher is for another escrow.",
  invalid_deferred_evm_payload_recipient_mismatch: "The voucher pays another seller.",
  invalid_deferred_evm_payload_asset_mismatch: "The voucher pays in another asset.",
  invalid_deferred_evm_payload_voucher_buyer_mismatch: "The buyer is zero, the seller, the asset or the escrow.",
  invalid_deferred_evm_payload_voucher_malformed: "A field of the voucher is not of its type or out of its range.",
  invalid_deferred_evm_payload_voucher_zero_value_aggregate: "The voucher promises nothing.",
  invalid_deferred_evm_payload_voucher_value:
    "The voucher's ceiling is below the charged total plus the price; build on the total of the new offer.",
  invalid_deferred_evm_payload_voucher_expired:
    "The voucher expires before the thawing period and the seller's margin have passed; sign one that lasts longer.",
  invalid_deferred_evm_payload_timestamp_too_early: "The voucher's timestamp lies in the future.",
  invalid_deferred_evm_payload_voucher_timestamp_decreasing: "The voucher was signed before the latest accepted one.",
  invalid_deferred_evm_payload_voucher_expiry_decreasing: "The voucher expires before the latest accepted one.",
  invalid_deferred_evm_payload_voucher_nonce_mismatch: "The voucher's nonce is not above the latest accepted one.",
  invalid_deferred_evm_payload_voucher_already_accepted: "This voucher was accepted before; it pays for nothing more.",
  invalid_deferred_evm_payload_signature: "The voucher is signed neither by the buyer nor by one of its signers.",
  invalid_deferred_evm_payload_signer_expired:
    "The session signer ends before the thawing period and the seller's margin have passed; extend it or sign with another key.",
  invalid_deferred_evm_payload_contract_wallet:
    "The seller takes no vouchers of contract wallets, or does not have this one deployed.",
  insufficient_funds: "The account does not cover the price; deposit more.",
  invalid_deferred_evm_payload_exposure_limit: "The seller waits for a collection before it accepts more.",
  invalid_deferred_evm_payload_lane_busy:
    "Another request of this lane is being served; use another lane or try again.",
  invalid_deferred_evm_payload_lane_signed_by_key:
    "The lane holds uncollected charges that a key signed; a contract wallet's voucher needs another lane.",
  invalid_deferred_evm_payload_lane_limit: "The buyer uses as many lanes as the seller allows; use one of them.",
  invalid_deferred_evm_payload_chain_view_stale: "The seller has not seen the chain for too long; try again later.",
  invalid_deferred_evm_payload_chain_unavailable: "The seller cannot read the chain now; try again later.",
} as const;

/** Why a voucher is refused; goes on the wire as it is. */
export type RejectionCode = keyof typeof REJECTIONS;
