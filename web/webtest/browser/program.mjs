// The program as the browser tests run it: a demo on a loopback port.
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";

// start runs the program's demo on a port, with its data in a folder. It gives the
// child at once, and as ready what comes of it when it answers: its address, and from
// what it prints who may sign in: lines of a role, an address and a password.
export function start(path, folder, port) {
	const program = spawn(path, ["--demo", "--listen", `127.0.0.1:${port}`, "--data", join(folder, "data")], {
		cwd: folder,
		stdio: ["ignore", "pipe", "pipe"],
	});
	return { program, ready: answers(program, `http://127.0.0.1:${port}`) };
}

async function answers(program, url) {
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
	return { url, accounts, printed };
}

// freePort is a port that nobody listens on.
export function freePort() {
	return new Promise((resolve, reject) => {
		const server = createServer();
		server.on("error", reject);
		server.listen(0, "127.0.0.1", () => {
			const { port } = server.address();
			server.close(() => resolve(port));
		});
	});
}
