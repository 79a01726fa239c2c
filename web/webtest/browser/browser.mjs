// What browser tests have in common: a page in a real Chromium, signed in as
// somebody, that fails its test when the browser complains.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { chromium } from "playwright-core";

// origin is where the program under test answers.
export const origin = process.env.QUARTERMASTER_URL;
assert.ok(origin, "run the tests with: npm run browser");

// accounts are the demo's people by role, each with an email and a password.
export const accounts = JSON.parse(process.env.QUARTERMASTER_ACCOUNTS);

// executablePath is Chromium's.
export const executablePath = process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync);
const patience = 15_000;

let launched;
const launch = () =>
	(launched ??= chromium.launch({
		executablePath,
		args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
	}));
after(async () => (await launched)?.close());

// open gives a page of a browser of its own, closed when the test ends. Its
// options, all of which may be left out:
//
//   role     who is signed in, a key of accounts; nobody without one
//   theme    "light" or "dark"
//   lang     "en" or "zh"
//   width, height of the window, and the scale at which it is drawn
//   forced   true for colours that the reader's system chooses
//   scripts  false to browse without scripts
//   at       the address of another program than the one under test
//   faults   patterns of complaints that the test provokes on purpose
//
// The test fails when the page breaks the content policy, throws, asks anybody
// but us for anything, or gets a server error.
export async function open(t, options = {}) {
	const { role, scripts = true, faults: expected = [] } = options;
	const context = await (await launch()).newContext({
		...look(options),
		javaScriptEnabled: scripts,
		storageState: role ? await signedIn(role) : undefined,
	});
	context.setDefaultTimeout(patience);
	const faults = watch(context, options.at ?? origin);
	t.after(async () => {
		await context.close();
		const unexpected = faults.filter((f) => !expected.some((pattern) => pattern.test(f)));
		assert.deepEqual(unexpected, [], "complaints of the browser");
	});
	return context.newPage();
}

function look({ theme = "light", lang = "en", width = 1280, height = 900, scale = 1, forced = false, at = origin }) {
	return {
		baseURL: at,
		viewport: { width, height },
		deviceScaleFactor: scale,
		forcedColors: forced ? "active" : "none",
		colorScheme: theme,
		reducedMotion: "reduce",
		locale: lang === "zh" ? "zh-CN" : "en-US",
		timezoneId: "Asia/Shanghai",
		acceptDownloads: true,
	};
}

// watch collects what the browser has to complain about.
function watch(context, at) {
	const faults = [];
	context.on("console", (m) => {
		if (/content security policy|refused to|violates/i.test(m.text()) || (m.type() === "error" && !/the server responded with a status of 4/.test(m.text()))) {
			faults.push(`console: ${m.text()} (${context.pages().at(-1)?.url()})`);
		}
	});
	context.on("weberror", (e) => faults.push(`script: ${e.error().stack || e.error().message || e.error().name} (${e.page()?.url()})`));
	context.on("request", (r) => {
		if (!r.url().startsWith(at + "/") && !/^(data|blob|about):/.test(r.url())) faults.push(`outside request: ${r.url()}`);
	});
	context.on("response", (r) => {
		if (r.status() >= 500) faults.push(`status ${r.status()}: ${r.request().method()} ${r.url()}`);
	});
	return faults;
}

// signedIn gives the cookies of somebody with this role. Each role signs in
// once in a file of tests.
const sessions = new Map();
function signedIn(role) {
	if (!sessions.has(role)) sessions.set(role, newSession(role));
	return sessions.get(role);
}

async function newSession(role) {
	assert.ok(accounts[role], `the demo has no ${role}; it has ${Object.keys(accounts)}`);
	const context = await (await launch()).newContext(look({}));
	context.setDefaultTimeout(patience);
	try {
		const page = await context.newPage();
		await page.goto("/sign-in");
		await signIn(page, accounts[role]);
		assert.notEqual(new URL(page.url()).pathname, "/sign-in", `${role} did not get in`);
		return await context.storageState();
	} finally {
		await context.close();
	}
}

// signIn fills in and sends the form of the sign-in page that is open.
export async function signIn(page, { email, password }) {
	const form = page.locator("form:has(input[name=password])");
	await form.locator("input[name=email]").fill(email);
	await form.locator("input[name=password]").fill(password);
	await Promise.all([
		page.waitForResponse((r) => r.request().method() === "POST" && r.url().startsWith(new URL(page.url()).origin)),
		form.locator("button[type=submit], button:not([type])").first().click(),
	]);
	await page.waitForLoadState("load");
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// accessible fails when axe finds anything wrong with the page, or with the
// part of it that the selector names.
export async function accessible(page, selector) {
	await page.evaluate(axeSource);
	const { violations } = await page.evaluate(
		(part) => globalThis.axe.run(part ?? document, { resultTypes: ["violations"] }),
		selector,
	);
	const found = violations.flatMap((v) =>
		v.nodes.map((n) => `${v.impact} ${v.id}: ${n.target.join(" ")}: ${n.failureSummary.replaceAll(/\s+/g, " ")}`),
	);
	assert.deepEqual(found, [], `accessibility of ${page.url()}`);
}

// fits fails when the page is wider than its window, or something to press or
// fill in reaches beyond it, unless it is in a box that is meant to scroll: a
// narrow table is not, because it becomes cards, whose text breaks.
export async function fits(page) {
	const [content, window, url] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth, location.href]);
	assert.ok(content <= window, `${url} is ${content} wide in a window of ${window}`);
	const cut = await page.evaluate(() => {
		const cards = (e) => e.matches(".table-scroll") && e.clientWidth < 640;
		const scrolls = (e) => e !== document.body && ((/auto|scroll/.test(getComputedStyle(e).overflowX) && !cards(e)) || scrolls(e.parentElement));
		return [...document.querySelectorAll("a, button, input, select, textarea")]
			.filter((e) => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1 && !scrolls(e))
			.concat([...document.querySelectorAll(".table-box > .table-scroll")].filter((e) => cards(e) && e.scrollWidth > e.clientWidth))
			.map((e) => `${e.tagName} "${e.textContent.trim().slice(0, 30)}"`);
	});
	assert.deepEqual(cut, [], `cut off by the window at ${url}`);
}

// styled fails when a page without the styles of page.css has a part that they
// draw.
export async function styled(page) {
	const missing = await page.evaluate((extra) => {
		if (document.querySelector('link[href*="/static/page."]')) return [];
		return [...document.querySelectorAll("[class]")].flatMap((e) => [...e.classList]).filter((name) => extra.includes(name));
	}, extraClasses);
	assert.deepEqual([...new Set(missing)], [], `classes without styles at ${page.url()}`);
}

// classesOf are the classes that style sheets name.
const classesOf = (...sheets) =>
	sheets.flatMap((name) => readFileSync(join(import.meta.dirname, "../../../static/css", name), "utf8").match(/\.[a-z][\w-]*/g).map((c) => c.slice(1)));
const common = classesOf("base.css", "layout.css", "parts.css");
const extraClasses = classesOf("page.css", "charts.css").filter((name) => !common.includes(name));

// shoot keeps a picture of the whole page in the folder SHOTS, when it is set.
export async function shoot(page, name) {
	const folder = process.env.SHOTS;
	if (!folder) return;
	mkdirSync(folder, { recursive: true });
	const file = name.replaceAll(/[^\w.]+/g, "-").replace(/^-/, "");
	await page.screenshot({ path: join(folder, file + ".png"), fullPage: true });
}

// print gives the page as paper: the number of its sheets and the text on each.
export async function print(page) {
	return sheets(await page.pdf({ preferCSSPageSize: true, printBackground: true }));
}

// sheets is what print gives, of a PDF that a browser made.
export function sheets(pdf) {
	const folder = mkdtempSync(join(tmpdir(), "quartermaster-print-"));
	try {
		const path = join(folder, "page.pdf");
		writeFileSync(path, pdf);
		const info = execFileSync("pdfinfo", [path], { encoding: "utf8" });
		const texts = execFileSync("pdftotext", ["-layout", path, "-"], { encoding: "utf8" }).split("\f").slice(0, -1);
		const size = info.match(/^Page size:\s+([\d.]+) x ([\d.]+)/m).slice(1).map(Number);
		return { pages: Number(info.match(/^Pages:\s+(\d+)/m)[1]), size, sheets: texts, text: texts.join("\n") };
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}
