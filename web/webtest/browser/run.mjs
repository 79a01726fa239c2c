// Builds the program, starts its demo on a loopback port with a data folder of
// its own, runs the browser tests against it, and stops it.
//
//   node web/webtest/browser/run.mjs [program] [test file…]
//
// A program that is built already may be named; otherwise it is built here.
// SHOTS=folder keeps a picture of every page that is looked at.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { freePort, start } from "./program.mjs";

const here = import.meta.dirname;
const root = join(here, "../../..");
const folder = mkdtempSync(join(tmpdir(), "quartermaster-browser-"));

const args = process.argv.slice(2);
const named = args.filter((a) => a.endsWith(".mjs"));
const tests = named.length
	? named
	: readdirSync(here).filter((f) => f.endsWith(".test.mjs")).sort().map((f) => join(here, f));

let program;
const stop = async (code) => {
	if (program && program.exitCode === null && program.signalCode === null) {
		const ended = once(program, "exit");
		program.kill("SIGTERM");
		const late = setTimeout(() => program.kill("SIGKILL"), 20_000);
		await ended;
		clearTimeout(late);
		if (program.exitCode !== 0) {
			console.error(`the program ended with ${program.exitCode ?? program.signalCode} when stopped, want 0`);
			code ||= 1;
		}
	}
	rmSync(folder, { recursive: true, force: true });
	process.exit(code);
};
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => stop(130));

try {
	const built = args.find((a) => !a.endsWith(".mjs"));
	const path = built ? resolve(built) : await build();
	const demo = start(path, folder, await freePort());
	program = demo.program;
	const { url, accounts, printed } = await demo.ready;
	if (!Object.keys(accounts).length) throw new Error(`the demo printed no accounts:\n${printed}`);
	const node = spawn(process.execPath, ["--test", "--test-reporter=spec", "--test-concurrency=2", ...tests], {
		cwd: root,
		stdio: "inherit",
		env: { ...process.env, QUARTERMASTER_PROGRAM: path, QUARTERMASTER_URL: url, QUARTERMASTER_ACCOUNTS: JSON.stringify(accounts) },
	});
	const [code] = await once(node, "exit");
	await stop(code ?? 1);
} catch (err) {
	console.error(err.message);
	await stop(1);
}

async function build() {
	const path = join(folder, "quartermaster");
	const go = spawn("go", ["build", "-o", path, "./cmd/quartermaster"], { cwd: root, stdio: "inherit" });
	const [code] = await once(go, "exit");
	if (code !== 0) throw new Error("the program does not build");
	return path;
}
