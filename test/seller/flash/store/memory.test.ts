import { createMemoryFlashStore } from "../../../../client/seller/flash/store/memory.ts";
import { describeFlashStore } from "./suite.ts";

describeFlashStore("memory store of flash", createMemoryFlashStore);
