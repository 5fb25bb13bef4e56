import type { Check } from "./check.ts";
import { runCommand } from "./command.ts";

/** Warnings about code that is not ours, each with the reason why it does not matter here. */
const FOREIGN_WARNINGS = [
  {
    text: "Transient storage as defined by EIP-1153 can break the composability of smart contracts",
    source: "node_modules/@openzeppelin/contracts/utils/TransientSlot.sol",
    reason:
      "The reentrancy guard clears its slot at the end of every call, the case that the warning itself calls safe.",
  },
] as const;

/** Builds everything anew with the settings that are shipped; any compiler warning but the foreign ones is a failure. */
export const buildCheck: Check = {
  name: "build without warnings",
  run: async () => {
    const { code, output } = await runCommand("hardhat", ["build", "--force"]);
    if (code !== 0) return output;
    return output
      .split(/^(?=Warning)/m)
      .filter((block) => block.startsWith("Warning"))
      .filter((block) => !FOREIGN_WARNINGS.some(({ text, source }) => block.includes(text) && block.includes(source)))
      .join("\n");
  },
};
