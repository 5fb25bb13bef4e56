import { connectBase } from "../helpers/base.ts";
import { commerceSuite } from "./suites/commerce.ts";
import { factoriesSuite } from "./suites/factories.ts";
import { multicall3Suite } from "./suites/multicall3.ts";
import { permit2Suite } from "./suites/permit2.ts";
import { usdcSuite } from "./suites/usdc.ts";

describe("The local Base's canonical contracts", () => {
  usdcSuite(connectBase);
  permit2Suite(connectBase);
  multicall3Suite(connectBase);
  factoriesSuite(connectBase);
  commerceSuite(connectBase);
});
