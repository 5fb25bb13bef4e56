/** Every error code of the scheme `flash`, with its sentence for people. */
export const FLASH_REJECTIONS = {
  flash_escrow_not_found: "There is no open escrow of this client for this server in this token.",
  flash_escrow_pending: "The escrow was opened, and its opening is not final yet.",
  flash_escrow_closing: "The escrow is being closed; open a new one afterwards.",
  flash_escrow_too_small: "The escrow holds less than the server demands.",
  flash_lock_too_short: "The escrow unlocks too soon, or its close delay is too short.",
  flash_exposure_exceeded: "The escrow does not cover another payment before what was accepted is settled.",
  flash_deadline_too_soon: "The deadline leaves too little time to settle.",
  flash_nonce_used: "The nonce was used in this epoch.",
  flash_nonce_out_of_window: "The nonce lies outside of the window that the server keeps.",
  flash_epoch_mismatch: "The payment names another epoch than the escrow's.",
  flash_amount_insufficient: "The payment is below the price.",
  flash_tab_settled: "The tab was sent to the chain, where everybody can read it; sign a higher total.",
  flash_signature_invalid: "The payment is not signed by the escrow's signer.",
  flash_payload_unsupported: "The server does not take payloads of this type; use one that the offer names.",
  flash_transaction_too_small:
    "The amount is below what the server settles a signed transaction for; pay by a tab or a payment.",
  flash_transaction_limit:
    "The server holds as many signed transactions as it settles in time; try again, or pay by a tab.",
  flash_transaction_invalid: "The signed transaction is not a payment to this server.",
  flash_stale_state: "The server's view of the chain is too old to accept payments.",
} as const;

/** An error code of the scheme `flash`. */
export type FlashRejectionCode = keyof typeof FLASH_REJECTIONS;
