import { readDeployableContracts, type StorageLayout, type StorageMember } from "./artifacts.ts";
import { writeSnapshot } from "./snapshot.ts";

/** One variable, or one member of the struct that a variable or its mapping holds. */
interface StorageRow {
  readonly label: string;
  /** Slot of a variable; for a member, slot within its struct. */
  readonly slot: number;
  /** Byte within the slot, from the lowest. */
  readonly offset: number;
  readonly type: string;
}

for (const { name, storageLayout } of readDeployableContracts()) {
  writeSnapshot(
    `storage/${name}.json`,
    storageLayout.storage.flatMap((member) => rowsOf(storageLayout, member, "")),
  );
}

function rowsOf({ types }: StorageLayout, member: StorageMember, parent: string): StorageRow[] {
  const label = `${parent}${member.label}`;
  const row = { label, slot: Number(member.slot), offset: member.offset, type: types?.[member.type]?.label ?? "?" };
  let held = types?.[member.type];
  // A mapping is described by what its last key leads to.
  while (held?.value !== undefined) held = types?.[held.value];
  const members = held?.members ?? [];
  return [row, ...members.flatMap((inner) => rowsOf({ storage: [], types }, inner, `${label}.`))];
}
