// Run after `npm install`: completes package-lock.json with the platform packages that a partial registry mirror lacks.
// `npm ci` refuses a lock that names an optional dependency it does not hold; a stub of its name, version and platform is enough.
import { readFileSync, writeFileSync } from "node:fs";

const file = new URL("../../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));
const systems = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const processors = ["arm", "arm64", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "x64", "wasm32"];
const libraries = { gnu: "glibc", musl: "musl" };

let added = 0;
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const isHeld = lock.packages[`node_modules/${name}`] ?? lock.packages[`${path}/node_modules/${name}`];
    if (isHeld || !/^\d/.test(version)) continue;
    const words = name.split(/[/-]/);
    const stub = { version, optional: true, dev: true };
    const cpu = processors.filter((word) => words.includes(word));
    const os = systems.filter((word) => words.includes(word));
    const libc = Object.keys(libraries).filter((word) => words.includes(word));
    if (cpu.length > 0) stub.cpu = cpu;
    if (os.length > 0) stub.os = os;
    if (libc.length > 0) stub.libc = libc.map((word) => libraries[word]);
    lock.packages[`node_modules/${name}`] = stub;
    added += 1;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`package-lock.json: ${added} platform packages added.`);
