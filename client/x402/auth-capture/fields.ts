import { createParse, type Fields as FieldsOf } from "../core/fields.ts";
import { messageOf, type AuthCaptureCode } from "./codes.ts";

/** Reads the fields of one JSON object; for {@link parse}. */
export type Fields = FieldsOf<AuthCaptureCode>;

/** Runs a reader over something a stranger sent. Never throws. */
export const parse = createParse<AuthCaptureCode>(messageOf);
