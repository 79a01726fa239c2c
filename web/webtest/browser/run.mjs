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
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

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
	const path = args.find((a) => !a.endsWith(".mjs")) ?? (await build());
	const { url, accounts } = await start(path);
	const node = spawn(process.execPath, ["--test", "--test-reporter=spec", ...tests], {
		cwd: root,
		stdio: "inherit",
		env: { ...process.env, QUARTERMASTER_URL: url, QUARTERMASTER_ACCOUNTS: JSON.stringify(accounts) },
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

// start runs the demo until it answers, and reads from what it prints who may
// sign in: lines of a role, an address and a password.
async function start(path) {
	const port = await freePort();
	const url = `http://127.0.0.1:${port}`;
	program = spawn(path, ["--demo", "--listen", `127.0.0.1:${port}`, "--data", join(folder, "data")], {
		cwd: folder,
		stdio: ["ignore", "pipe", "pipe"],
	});
	let printed = "";
	for (const stream of [program.stdout, program.stderr]) {
		stream.setEncoding("utf8");
		stream.on("data", (text) => {
			if (printed.length < 1 << 20) printed += text;
		});
	}
	program.on("error", (err) => (printed += err.message));
	for (const until = Date.now() + 120_000; ; await new Promise((r) => setTimeout(r, 100))) {
		if (program.exitCode !== null || program.pid === undefined || Date.now() > until) {
			throw new Error(`the demo did not start; it printed:\n${printed}`);
		}
		const answer = await fetch(url + "/readyz").catch(() => null);
		if (answer?.ok) break;
	}
	const accounts = {};
	for (const [, role, email, password] of printed.matchAll(/^\s+(\w+)\s+(\S+@\S+)\s+(\S+)\s*$/gm)) {
		accounts[role] ??= { email, password };
	}
	if (!Object.keys(accounts).length) throw new Error(`the demo printed no accounts:\n${printed}`);
	return { url, accounts };
}

function freePort() {
	return new Promise((resolve, reject) => {
		const server = createServer();
		server.on("error", reject);
		server.listen(0, "127.0.0.1", () => {
			const { port } = server.address();
			server.close(() => resolve(port));
		});
	});
}
