import { readFile, readdir } from "node:fs/promises";
import { expect } from "chai";
import { erc20Abi, multicall3Abi, type Abi } from "viem";
import * as abi from "x402-escrow/abi";
import * as authCapture from "x402-escrow/auth-capture";
import * as flash from "x402-escrow/flash";
import * as voucher from "x402-escrow/voucher";
import { stateChangingFunctions } from "../../scripts/check/verbs.ts";

interface Family {
  readonly abi: Abi;
  readonly client: object;
  readonly interface: string;
  /** One transaction of two contracts' functions; no function of the contract. */
  readonly composed: readonly string[];
  /** Functions of other contracts, by the interface that has them. */
  readonly elsewhere?: Readonly<Record<string, string>>;
  /** The client's function of each verb that has another name. */
  readonly actions?: Readonly<Record<string, string>>;
  /** The read of each view that has another name. */
  readonly renamed: Readonly<Record<string, string>>;
}

const families: Readonly<Record<string, Family>> = {
  "auth-capture": {
    abi: [
      ...abi.termsOperatorAbi,
      ...abi.termsOperatorFactoryAbi,
      ...abi.authCaptureEscrowAbi.filter((item) => item.type === "function" && item.stateMutability === "view"),
      ...abi.signedRefundCollectorAbi.filter((item) => item.type === "function" && item.stateMutability === "view"),
    ],
    client: authCapture,
    interface: "ITermsOperator",
    composed: [],
    elsewhere: {
      authorizeAsOperator: "external/IAuthCaptureEscrow",
      cancelAuthorization: "external/IERC3009",
      captureAsOperator: "external/IAuthCaptureEscrow",
      chargeAsOperator: "external/IAuthCaptureEscrow",
      deploy: "ITermsOperatorFactory",
      preApprove: "external/IPreApprovalPaymentCollector",
      reclaim: "external/IAuthCaptureEscrow",
      refundAsOperator: "external/IAuthCaptureEscrow",
      voidAsOperator: "external/IAuthCaptureEscrow",
    },
    // `void` is a word of the language.
    actions: { void: "voidPayment", deploy: "deployOperator" },
    renamed: {
      PAYMENT_INFO_TYPEHASH: "getPaymentInfoTypeHash",
      authCaptureEscrow: "getCollector",
      collectorType: "getCollector",
      getHash: "getPaymentHash",
      paymentState: "getPaymentState",
      predict: "getPredictedOperator",
      statusOf: "getOperatorStatus",
      terms: "getTerms",
      tokenStoreImplementation: "getTokenStoreImplementation",
    },
  },
  voucher: {
    abi: abi.voucherEscrowAbi,
    client: voucher,
    interface: "IVoucherEscrow",
    composed: ["depositWithPermit"],
    renamed: {
      DOMAIN_SEPARATOR: "getDomainSeparator",
      THAWING_PERIOD: "getThawingPeriod",
      VOUCHER_TYPEHASH: "getTypeHash",
      DEPOSIT_AUTHORIZATION_TYPEHASH: "getTypeHash",
      FLUSH_AUTHORIZATION_TYPEHASH: "getTypeHash",
      FLUSH_ALL_AUTHORIZATION_TYPEHASH: "getTypeHash",
      eip712Domain: "getEip712Domain",
    },
  },
  flash: {
    abi: abi.flashSettlementAbi,
    client: flash,
    interface: "IFlashSettlement",
    composed: ["openEscrowWithPermit"],
    renamed: {
      accountNonceWord: "getAccountNonceWord",
      creditOf: "getCredit",
      eip712Domain: "getEip712Domain",
      escrowBalance: "getEscrowBalance",
      escrowOf: "getEscrow",
      nonceWord: "getNonceWord",
      paymentDigest: "getPaymentDigest",
      settlerOf: "getSettler",
      tabDigest: "getTabDigest",
      tabSettled: "getTabSettled",
    },
  },
};

function viewsOf(contract: Abi): readonly string[] {
  return contract.flatMap((item) => (item.type === "function" && item.stateMutability === "view" ? [item.name] : []));
}

for (const [name, family] of Object.entries(families)) {
  const { client } = family;
  const actionsFolder = new URL(`../../client/${name}/actions/`, import.meta.url);

  describe(`surface of the client: ${name}`, () => {
    it("has one file for every state-changing function, and no other", async () => {
      const verbs = new Set([...stateChangingFunctions(family.abi), ...Object.keys(family.elsewhere ?? {})]);
      const files = (await readdir(actionsFolder)).map((file) => file.replace(/\.ts$/, ""));
      expect(files.sort()).to.deep.equal([...verbs, ...family.composed].sort());
    });

    it("gives every action its function, parameters, return type, errors, source and example", async () => {
      for (const file of await readdir(actionsFolder)) {
        const name = file.replace(/\.ts$/, "");
        const verb = family.actions?.[name] ?? name;
        const type = `${verb.charAt(0).toUpperCase()}${verb.slice(1)}`;
        const source = await readFile(new URL(file, actionsFolder), "utf8");
        for (const text of [
          `export async function ${verb}(`,
          `export interface ${type}Parameters`,
          `export type ${type}ReturnType`,
          `export type ${type}ErrorType`,
          `- Source: contracts/interfaces/${family.elsewhere?.[name] ?? family.interface}.sol`,
          "@returns Transaction hash",
          "@example",
        ]) {
          expect(source, file).to.include(text);
        }
        expect(Reflect.get(client, verb), verb).to.be.a("function");
        const barrel = await readFile(new URL("../index.ts", actionsFolder), "utf8");
        for (const suffix of ["Parameters", "ReturnType", "ErrorType"])
          expect(barrel).to.include(`type ${type}${suffix}`);
      }
    });

    it("documents every typed error of every action", async () => {
      const thrownBy = async (file: string): Promise<readonly string[]> => {
        const source = await readFile(new URL(file, actionsFolder), "utf8");
        const [, union = ""] = /ErrorType =([^;]+);/.exec(source) ?? [];
        const names = union.split("|").map((error) => error.trim());
        // An action may throw what another one throws.
        const [, other] = /import type \{ \w+ErrorType \} from "\.\/(\w+\.ts)"/.exec(source) ?? [];
        const shared = other === undefined ? [] : await thrownBy(other);
        return [...shared, ...names.filter((name) => name !== "" && !name.endsWith("ErrorType"))];
      };
      for (const file of await readdir(actionsFolder)) {
        const source = await readFile(new URL(file, actionsFolder), "utf8");
        for (const error of await thrownBy(file)) expect(source, `${file} ${error}`).to.include(`@throws {${error}}`);
      }
    });

    it("has a read for every view", () => {
      expect(viewsOf(family.abi)).not.to.deep.equal([]);
      for (const view of viewsOf(family.abi)) {
        expect(Reflect.get(client, family.renamed[view] ?? view), view).to.be.a("function");
      }
    });
  });
}

describe("surface of the client", () => {
  it("reuses the ABIs that viem ships", () => {
    expect(abi.erc20Abi).to.equal(erc20Abi);
    expect(abi.multicall3Abi).to.equal(multicall3Abi);
  });
});
