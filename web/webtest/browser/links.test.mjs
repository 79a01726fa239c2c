// Follows every link that somebody can reach from the dashboard, a few of each
// shape, and looks at what no page may have.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { accounts, open, origin } from "./browser.mjs";

const ofAShape = 2; // pages that differ only by an id or a value
const atMost = 150;

for (const [i, role] of Object.keys(accounts).entries()) {
	const lang = i % 2 ? "en" : "zh";
	test(`every link of a ${role} leads somewhere (${lang})`, async (t) => {
		const page = await open(t, { role, lang });
		const wrong = [];
		const seen = new Map();
		const waiting = [{ href: "/", from: "" }];
		let visited = 0;
		while (waiting.length && visited < atMost) {
			const { href, from } = waiting.shift();
			const url = new URL(href, origin);
			const key = shape(url);
			if (seen.get(url.href) || (seen.get(key) ?? 0) >= ofAShape) continue;
			seen.set(url.href, true).set(key, (seen.get(key) ?? 0) + 1);
			visited++;
			const answer = await page.request.get(url.href);
			if (!answer.ok()) {
				wrong.push(`${answer.status()}: ${href} (from ${from})`);
				continue;
			}
			if (!answer.headers()["content-type"]?.startsWith("text/html") || answer.headers()["content-disposition"]) continue;
			await page.goto(url.href);
			const found = await page.evaluate(look);
			for (const w of faults(found)) wrong.push(`${href}: ${w}`);
			for (const next of found.links) {
				if (next.startsWith(origin + "/")) waiting.push({ href: next.slice(origin.length), from: href });
				else if (!/^mailto:/.test(next)) wrong.push(`${href}: a link to ${next}`);
			}
		}
		t.diagnostic(`${visited} pages`);
		assert.deepEqual(wrong, []);
	});
}

// shape is an address without its ids and values.
function shape(url) {
	const path = url.pathname.split("/").map((s) => (/\d|%/.test(s) || s.length > 20 ? "…" : s)).join("/");
	return `${path}?${[...new Set(url.searchParams.keys())].sort()}`;
}

// look runs in the page.
function look() {
	const texts = [];
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walker.nextNode()) {
		if (!walker.currentNode.parentElement.closest("code, pre, script, .mono")) texts.push(walker.currentNode.data.trim());
	}
	const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
	return {
		title: document.title,
		headings: document.querySelectorAll("h1").length,
		texts,
		twice: ids.filter((id, i) => ids.indexOf(id) !== i),
		links: [...document.querySelectorAll("a[href]")].map((a) => a.href.split("#")[0]),
		broken: [...document.querySelectorAll("a[href^='#'], [for], [aria-labelledby], [aria-describedby]")].flatMap((e) => {
			const names = (e.getAttribute("for") ?? "") + " " + (e.getAttribute("aria-labelledby") ?? "") + " " + (e.getAttribute("aria-describedby") ?? "");
			const targets = names.split(/\s+/).concat(e.getAttribute("href")?.startsWith("#") ? [e.getAttribute("href").slice(1)] : []);
			return targets.filter((id) => id && !document.getElementById(id));
		}),
	};
}

// A sentence that the catalogues lack is shown as its key.
const catalogues = join(import.meta.dirname, "../../../views/i18n");
const areas = readdirSync(catalogues)
	.filter((f) => f.endsWith(".json"))
	.flatMap((f) => Object.keys(JSON.parse(readFileSync(join(catalogues, f), "utf8"))).map((key) => key.split(".")[0]));
const bareKey = new RegExp(`^(${[...new Set(areas)].join("|")})\\.[a-z][\\w.]*$`);

function faults({ title, headings, texts, twice, broken }) {
	return [
		...(title ? [] : ["no title"]),
		...(headings === 1 ? [] : [`${headings} headings of the first rank`]),
		...texts.filter((s) => bareKey.test(s)).map((s) => `a sentence is missing: ${s}`),
		...texts.filter((s) => /<no value>|%!\w?\(|\bundefined\b|\[object Object\]|\bNaN\b/.test(s)).map((s) => `a value is missing: ${s}`),
		...[...new Set(twice)].map((id) => `id ${id} is there twice`),
		...[...new Set(broken)].map((id) => `nothing has the id ${id}`),
	];
}
