import { buyerEnvironment, sellerEnvironment } from "../../scripts/example.ts";
import { actors } from "../helpers/actors.ts";
import { serveBaseWithEscrow } from "../helpers/servedBase.ts";
import { describeExample } from "./suite.ts";

describeExample({
  family: "voucher",
  serve: serveBaseWithEscrow,
  sellerEnvironment,
  buyerEnvironment,
  buyer: actors.buyer.address,
  seller: actors.seller.address,
  isPaid: "when it stops",
});
