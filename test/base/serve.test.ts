import { expect } from "chai";
import { createPublicClient, http } from "viem";
import { base } from "viem/chains";
import { PREFUNDED, testAccount } from "../helpers/actors.ts";
import { USDC } from "./addresses.ts";
import { PortInUseError } from "./errors.ts";
import { SERVED_USDC, SERVED_WEI, serveBase } from "./serve.ts";
import { usdcAbi } from "./usdcAbi.ts";

describe("Serving the local Base", () => {
  it("funds the well-known accounts with native money and USDC", async () => {
    const server = await serveBase({ port: 0 });
    try {
      const client = createPublicClient({ chain: base, transport: http(server.url) });
      expect(await client.getChainId()).to.equal(8453);
      for (let place = 0; place < PREFUNDED; place++) {
        const { address } = testAccount(place);
        const usdc = { address: USDC, abi: usdcAbi, functionName: "balanceOf", args: [address] } as const;
        expect(await client.readContract(usdc)).to.equal(SERVED_USDC);
        expect(await client.getBalance({ address })).to.equal(SERVED_WEI);
      }
    } finally {
      await server.close();
    }
  });

  it("says that a port is in use", async () => {
    const server = await serveBase({ port: 0 });
    try {
      const error = await serveBase({ port: Number(new URL(server.url).port) }).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(PortInUseError);
    } finally {
      await server.close();
    }
  });
});
