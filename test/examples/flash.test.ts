import { flashBuyerEnvironment, flashSellerEnvironment } from "../../scripts/example.ts";
import { actors } from "../helpers/actors.ts";
import { serveBaseWithSettlement } from "../helpers/servedBase.ts";
import { describeExample } from "./suite.ts";

describeExample({
  family: "flash",
  serve: serveBaseWithSettlement,
  sellerEnvironment: flashSellerEnvironment,
  buyerEnvironment: flashBuyerEnvironment,
  buyer: actors.otherBuyer.address,
  seller: actors.otherSeller.address,
  isPaid: "when it stops",
});
