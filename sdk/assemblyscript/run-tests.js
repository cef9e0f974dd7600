import { readdirSync } from "node:fs";

// Runs all tests in one process: most of their time goes to the compiler, which
// is slow until it has run for a while.
for (const file of readdirSync(new URL("test/", import.meta.url)).sort()) {
  if (file.endsWith(".test.js")) await import(`./test/${file}`);
}
