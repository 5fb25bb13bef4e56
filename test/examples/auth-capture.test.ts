import { authCaptureBuyerEnvironment, authCaptureSellerEnvironment } from "../../scripts/example.ts";
import { actors } from "../helpers/actors.ts";
import { serveBaseWithFactory } from "../helpers/servedBase.ts";
import { describeExample } from "./suite.ts";

describeExample({
  family: "auth-capture",
  serve: serveBaseWithFactory,
  sellerEnvironment: authCaptureSellerEnvironment,
  buyerEnvironment: authCaptureBuyerEnvironment,
  buyer: actors.stranger.address,
  seller: actors.signer.address,
  isPaid: "when it answers",
});
