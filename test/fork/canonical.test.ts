import { commerceSuite } from "../base/suites/commerce.ts";
import { factoriesSuite } from "../base/suites/factories.ts";
import { multicall3Suite } from "../base/suites/multicall3.ts";
import { permit2Suite } from "../base/suites/permit2.ts";
import { usdcSuite } from "../base/suites/usdc.ts";
import { describeFork } from "./fork.ts";

describeFork("The forked Base's canonical contracts", (connect) => {
  usdcSuite(connect);
  permit2Suite(connect);
  multicall3Suite(connect);
  factoriesSuite(connect);
  commerceSuite(connect);
});
