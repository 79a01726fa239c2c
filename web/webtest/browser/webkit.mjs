// WebKit by the W3C's WebDriver protocol, under a screen of its own. Its page
// answers to what engines.test.mjs asks of a page of puppeteer, and is the only
// one: a test finds it as the one before left it, signed in.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./program.mjs";

const patience = 20_000;
const keys = { Escape: "\uE00C" };
const element = "element-6066-11e4-a52e-4f735466cecf"; // what the protocol calls one

// until gives the first true value of look, which may fail while a page gives
// way to the next one.
async function until(what, look) {
	for (const end = Date.now() + patience; ; await new Promise((r) => setTimeout(r, 50))) {
		const found = await look().catch((err) => (Date.now() < end ? null : Promise.reject(err)));
		if (found) return found;
		if (Date.now() >= end) throw new Error(`waited in vain for ${what}`);
	}
}

// launch starts WebKit and gives its page.
export async function launch() {
	const folder = mkdtempSync(join(tmpdir(), "quartermaster-webkit-"));
	process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
	// GTK's word for reduced motion: the driver loses a page that moves in.
	mkdirSync(join(folder, "gtk-3.0"));
	writeFileSync(join(folder, "gtk-3.0/settings.ini"), "[Settings]\ngtk-enable-animations=0\n");
	const start = (program, args, options) => {
		const started = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"], ...options });
		process.on("exit", () => started.kill());
		started.unref();
		return started.stdout;
	};
	const screen = start("Xvfb", ["-displayfd", "1", "-nolisten", "tcp", "-screen", "0", "1400x1000x24"]);
	const [display] = await once(screen, "data");
	screen.unref();
	const port = await freePort();
	const env = { ...process.env, DISPLAY: `:${String(display).trim()}`, XDG_CONFIG_HOME: folder };
	start("WebKitWebDriver", [`--port=${port}`, "--host=127.0.0.1"], { stdio: "ignore", env });
	const call = async (method, path, body) => {
		const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, body: body && JSON.stringify(body) });
		const { value } = await answer.json();
		if (value?.error) throw new Error(`${path}: ${value.error}: ${value.message}`);
		return value;
	};
	await until("the driver of WebKit", () => call("GET", "/status"));
	const { sessionId } = await call("POST", "/session", { capabilities: {} });
	return {
		newPage: async () => page((path, body) => call("POST", `/session/${sessionId}${path}`, body)),
		close: () => call("DELETE", `/session/${sessionId}`),
	};
}

// page is the page of a session, which post commands.
function page(post) {
	const evaluate = (look, ...args) => post("/execute/sync", { script: `return (${look})(...arguments)`, args });
	const find = async (selector) => {
		const path = `/element/${(await post("/element", { using: "css selector", value: selector }))[element]}`;
		return { click: () => post(`${path}/click`, {}), type: (text) => post(`${path}/value`, { text }) };
	};
	const act = (type, ...actions) => post("/actions", { actions: [{ type, id: type, actions }] });
	return {
		evaluate,
		$: find,
		$eval: (selector, look, ...args) => evaluate(`(selector, ...args) => (${look})(document.querySelector(selector), ...args)`, selector, ...args),
		$$eval: (selector, look, ...args) => evaluate(`(selector, ...args) => (${look})([...document.querySelectorAll(selector)], ...args)`, selector, ...args),
		click: async (selector) => (await find(selector)).click(),
		type: async (selector, text) => (await find(selector)).type(text),
		select: (selector, value) => evaluate((selector, value) => {
			const field = document.querySelector(selector);
			field.value = value;
			for (const name of ["input", "change"]) field.dispatchEvent(new Event(name, { bubbles: true }));
		}, selector, value),
		keyboard: {
			type: (text) => act("key", ...[...text].flatMap((value) => [{ type: "keyDown", value }, { type: "keyUp", value }])),
			press: (key) => act("key", { type: "keyDown", value: keys[key] }, { type: "keyUp", value: keys[key] }),
		},
		mouse: {
			click: (x, y) => act("pointer", { type: "pointerMove", x: Math.round(x), y: Math.round(y) }, { type: "pointerDown", button: 0 }, { type: "pointerUp", button: 0 }),
		},
		goto: async (url) => {
			await post("/url", { url });
			const asked = () => post("/execute/async", { script: "fetch(location).then((answer) => arguments[0](answer.status))", args: [] });
			const status = await asked().catch(asked); // once more where the page before left only now
			return { status: () => status };
		},
		goBack: () => post("/back", {}),
		setViewport: (size) => post("/window/rect", { x: 0, y: 0, ...size }),
		setDefaultTimeout: () => {},
		waitForFunction: (look, _, ...args) => until(look, () => evaluate(look, ...args)),
		waitForSelector: (selector, { hidden = false } = {}) => until(selector, () => evaluate((selector, hidden) => hidden !== !!document.querySelector(selector), selector, hidden)),
		waitForNetworkIdle: async () => {
			let asked, since;
			await until("quiet", async () => {
				const now = await evaluate(() => performance.getEntriesByType("resource").length);
				if (now !== asked) [asked, since] = [now, Date.now()];
				return Date.now() - since > 500;
			});
		},
		close: async () => {},
	};
}
